export { inspectModel, measureProgram, type MeasureOptions } from './inspectModel';

/** The network inspector: every layer with its shape, parameters, multiplications, receptive field and bytes. */
export { inspectGraph, inspectLayers, type Inspected } from './layers';
export { layerReportSchema, networkReportSchema, type LayerReport, type NetworkReport } from './schema';

/** The labelling engine. It knows no framework; `render/`, imported on its own, knows the canvas. */
export { Editor, kindOf, type EditorOptions, type Reference } from './editor';
export { EditorInput } from './input';
export { Clipboard } from './clipboard';
export { EditorDocument, cloneState, stateOf } from './document';
export { Emitter, Signal } from './emitter';
export { History } from './history';
export { newId } from './ids';
export { Journal, type JournalRow } from './journal';
export { Proposals, scoreOf, type ProposalSource } from './proposals';
export { BRUSH_RADIUS, defaultSettings, restoreSettings, stepBrush, type EditorSettings } from './settings';
export { SpatialIndex, boundsOf } from './spatialIndex';
export { Stay } from './stay';
export { maskOf } from './maskCache';
export { toolIds, type ToolId } from './tools/Tool';
export * from './commands';
export * from './keyboard';
export * from './sync';

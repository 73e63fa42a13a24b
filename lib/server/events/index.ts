export { notify, type FieldmarkEvent } from './notify';
export { eventHub, EventHub } from './hub';

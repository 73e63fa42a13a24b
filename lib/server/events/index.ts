export { notify, notifyAll, type FieldmarkEvent } from './notify';
export { eventHub, EventHub } from './hub';

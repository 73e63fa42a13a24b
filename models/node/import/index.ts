export { inspectUpload, openUpload, readUpload, saveUpload, type UploadReport } from './upload';
export { ModelRefused } from '../../import/onnx';
export { uploadChoicesSchema, type UploadChoices } from '../../import/choices';

/**
 * Folders, zip files and objects of a store as `Source` and `Sink`. This folder knows nothing of the server: the command line
 * uses it too.
 */
export * from './folder';
export * from './zipSource';
export { writeZip } from './zipSink';
export * from './objects';

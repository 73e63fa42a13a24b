/**
 * Folders, zip files and object-store prefixes as `Source` and `Sink`. This folder knows nothing of the server: the command line
 * uses it too.
 */
export * from './folder';
export * from './zipSource';
export { writeZip } from './zipSink';
export * from './objects';

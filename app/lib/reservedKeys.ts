/** Keys of the labelling page that no class can have, with what they do. */
export { reservedKeys } from '@/lib/editor/keyboard';

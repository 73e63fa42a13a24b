/** Keys of the labelling page that no class can have, with what they do: one list, the labelling page's own. */
export { reservedKeys } from '@/lib/editor/keyboard/classKeys';

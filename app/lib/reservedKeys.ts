/** Keys of the labelling page that no class can have, with what they do. */
export const reservedKeys: ReadonlyMap<string, string> = new Map();

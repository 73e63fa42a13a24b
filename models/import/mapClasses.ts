/** The classes of somebody else's network as the classes of a project. */
import { type ModelDesign } from '../runtime/card';

/** Class id of the network to class id of the project; null or absent: not proposed. Several may go to one. */
export type ClassMapping = Readonly<Record<string, string | null | undefined>>;

/** Throws an Error when the mapping names a class that the network does not have. */
export function mapClasses<D extends Pick<ModelDesign, 'classes'>>(design: D, mapping: ClassMapping): D {
  const known = new Set(design.classes.map(({ id }) => id));
  const unknown = Object.keys(mapping).find((id) => !known.has(id));
  if (unknown !== undefined) throw new Error(`the model has no class ${unknown}`);
  return {
    ...design,
    classes: design.classes.map(({ skip: _skip, ...own }) => {
      const to = mapping[own.id];
      return to ? { ...own, id: to } : { ...own, id: `unmapped:${own.id}`, skip: true };
    }),
  };
}

/** What of the project's classes has the name of one of the network's: a first guess at the mapping. */
export function guessMapping(classes: ModelDesign['classes'], own: readonly { id: string; name: string }[]): Record<string, string> {
  const plain = (name: string) => name.toLowerCase().replace(/[\s_-]+/g, ' ').trim();
  const byName = new Map(own.flatMap(({ id, name }) => [[plain(name), id], [plain(name).replace(/s$/, ''), id]]));
  return Object.fromEntries(classes.flatMap(({ id, name }) => {
    const found = byName.get(plain(name));
    return found ? [[id, found]] : [];
  }));
}

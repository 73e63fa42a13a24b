import type { Author } from '@/lib/api/routes/items';
import type { Db } from '@/lib/server/db/client';

type Ref = Pick<Author, 'kind' | 'id'>;

/** Names of authors for people; one that is gone keeps its kind. */
export async function namedAuthors(db: Db, refs: readonly Ref[]): Promise<(ref: Ref) => Author> {
  const idsOf = (kind: Author['kind']) => [...new Set(refs.flatMap((r) => (r.kind === kind && r.id ? [r.id] : [])))];
  const [people, models, imports] = await Promise.all([
    db.user.findMany({ where: { id: { in: idsOf('person') } }, select: { id: true, name: true } }),
    db.modelVersion.findMany({ where: { id: { in: idsOf('model') } }, select: { id: true, name: true } }),
    db.import.findMany({ where: { id: { in: idsOf('import') } }, select: { id: true, source: true } }),
  ]);
  const names = new Map([...people.map((p) => [p.id, p.name] as const), ...models.map((m) => [m.id, m.name] as const), ...imports.map((i) => [i.id, `Import ${i.source}`] as const)]);
  const gone: Record<Author['kind'], string> = { team: 'Team', person: 'Former member', model: 'Erased model', truth: 'Ground truth', import: 'Erased import', consensus: 'Consensus' };
  return ({ kind, id }) => ({ kind, id, name: (id && names.get(id)) || gone[kind] });
}

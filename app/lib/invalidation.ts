/** Which queries an event of the stream makes old. Pure, so that the rule can be tested. */

/** What the stream carries: ids only. `type` is free text; `hub.resync` means that some events were lost. */
export interface StreamEvent {
  type: string;
  entity?: string;
  id?: string;
  projectId?: string | null;
}

/** A prefix of query keys; `exact` for the one query itself. */
export interface OldKey {
  queryKey: readonly unknown[];
  exact?: boolean;
}
const prefix = (...queryKey: unknown[]): OldKey => ({ queryKey });

/** What else of the project shows something of the entity. */
const alsoOfProject: Record<string, (project: string) => OldKey[]> = {
  // Labelling changes items all the time: only the counts follow, not the schema or the guide.
  item: (p) => [{ queryKey: ['project', p], exact: true }, prefix('project', p, 'schema-use')],
  import: (p) => [{ queryKey: ['project', p], exact: true }, prefix('batch', 'list', p)],
  batch: (p) => [{ queryKey: ['project', p], exact: true }, prefix('item', 'list', p)],
  model: (p) => [prefix('project', p, 'proposal-stats'), prefix('project', p, 'authors')],
};

/** The keys that this event makes old; `null` for all of them. */
export function keysOf(event: StreamEvent): OldKey[] | null {
  const { entity, id, projectId } = event;
  if (!entity || event.type.endsWith('resync')) return null;
  const keys: OldKey[] = [];
  if (id) keys.push(prefix(entity, id));
  keys.push(projectId ? prefix(entity, 'list', projectId) : prefix(entity, 'list'));
  if (entity === 'project') keys.push(prefix('project', 'list'));
  if (projectId) keys.push(...(alsoOfProject[entity]?.(projectId) ?? []));
  return keys;
}

/** Everything that belongs to a project: used when a job of it ends. */
export function keysOfProject(project: string): OldKey[] {
  return [prefix('project', project), prefix('project', 'list'), ...['item', 'import', 'batch', 'job', 'version', 'model', 'quality', 'export'].map((e) => prefix(e, 'list', project))];
}

/** Which queries an event of the stream makes old. Pure, so that the rule can be tested. */

/** What the stream carries: ids only. `type` is free text; `hub.resync` means that some events were lost. */
export interface StreamEvent {
  type: string;
  entity?: string;
  id?: string;
  projectId?: string | null;
}

type Key = readonly unknown[];

/** Lists and summaries that also show something of the entity. */
const alsoOfProject: Record<string, readonly string[]> = {
  item: ['project'],
  import: ['project', 'batch'],
  batch: ['project', 'item', 'document'],
  model: ['project', 'item'],
  version: ['project'],
};

/** The key prefixes that this event makes old; `null` for all of them. */
export function keysOf(event: StreamEvent): Key[] | null {
  const { entity, id, projectId } = event;
  if (!entity || event.type.endsWith('resync')) return null;
  const keys: Key[] = [];
  if (id) keys.push([entity, id]);
  if (projectId) keys.push([entity, 'list', projectId]);
  else keys.push([entity, 'list']);
  if (entity === 'project') keys.push(['project', 'list']);
  if (projectId) {
    for (const other of alsoOfProject[entity] ?? []) keys.push(other === 'project' ? ['project', projectId] : [other, 'list', projectId]);
  }
  return keys;
}

/** Everything that belongs to a project: used when a job of it ends. */
export function keysOfProject(project: string): Key[] {
  return [['project', project], ['project', 'list'], ...['item', 'import', 'batch', 'job', 'version', 'model', 'quality', 'export'].map((e) => [e, 'list', project])];
}

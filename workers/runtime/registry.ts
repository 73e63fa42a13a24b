import type { JobKindContract } from '@/lib/server/queue/kinds';
import type { JobDefinition } from './defineJob';

/** Loads the module that has the handler as its default export. */
// A handler's payload type varies with its kind; the registry holds them all and checks each payload by its schema.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type JobLoader = () => Promise<{ default: JobDefinition<any> }>;

/** The table of kinds and the handlers disagree. */
export class RegistryError extends Error {
  constructor(problems: string[]) {
    super(`The worker cannot start:\n${problems.map((p) => `  - ${p}`).join('\n')}`);
    this.name = 'RegistryError';
  }
}

export interface Registry {
  readonly kinds: Record<string, JobKindContract>;
  readonly loaders: Record<string, JobLoader>;
  /** What can be trained with here, as plain JSON; called in a process of its own. */
  readonly abilities?: () => Promise<object>;
}

/** Throws `RegistryError` unless every declared kind has exactly one loader, and every loader a kind. Loads nothing. */
export function checkRegistry({ kinds, loaders }: Registry): void {
  const problems = [
    ...Object.keys(kinds).filter((kind) => !loaders[kind]).map((kind) => `job kind "${kind}" has no handler: add it to workers/jobs/index.ts`),
    ...Object.keys(loaders).filter((kind) => !kinds[kind]).map((kind) => `the handler "${kind}" has no job kind: declare it in lib/server/queue/kinds.ts`),
  ];
  const owners = new Map<JobLoader, string>();
  for (const [kind, loader] of Object.entries(loaders)) {
    const other = owners.get(loader);
    if (other) problems.push(`job kinds "${other}" and "${kind}" have the same handler`);
    owners.set(loader, kind);
  }
  if (problems.length > 0) throw new RegistryError(problems);
}

/** Loads the handler of a kind and checks that it is the handler of that kind. */
export async function loadJob({ kinds, loaders }: Registry, kind: string): Promise<JobDefinition> {
  const contract = kinds[kind];
  const loader = loaders[kind];
  if (!contract || !loader) throw new RegistryError([`job kind "${kind}" is unknown to this program`]);
  const definition = (await loader()).default;
  const problems: string[] = [];
  if (definition.kind !== kind) problems.push(`the handler listed as "${kind}" calls itself "${definition.kind}"`);
  if (definition.queue !== contract.queue) problems.push(`the handler "${kind}" names the queue ${definition.queue}, its contract ${contract.queue}`);
  if (definition.payload !== contract.payload) problems.push(`the handler "${kind}" checks another payload than its contract in lib/server/queue/kinds.ts`);
  if (problems.length > 0) throw new RegistryError(problems);
  return definition;
}

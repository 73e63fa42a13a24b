/**
 * What pages read, once: keys and fetchers. A key begins with the entity of the event stream, then the id, or `list` and
 * the project, so that one event invalidates by prefix.
 */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { CallInput, CallOutput } from '@/lib/api/route';
import type { Contract } from '@/lib/api/contract';
import { api } from './api';

type QueryOf<K extends keyof Contract> = NonNullable<CallInput<Contract[K]>['query']>;
type RowOf<K extends keyof Contract> = CallOutput<Contract[K]> extends { items: (infer R)[] } ? R : never;

export type Me = CallOutput<Contract['me']>;
export type Project = CallOutput<Contract['project']>;
export type Item = RowOf<'items'>;
export type Job = CallOutput<Contract['job']>;
export type Import = CallOutput<Contract['importOne']>;
export type ImportEntry = RowOf<'importEntries'>;
export type Batch = RowOf<'batches'>;
export type Version = CallOutput<Contract['version']>;
export type Model = CallOutput<Contract['model']>;
export type QualityReport = CallOutput<Contract['qualityReport']>;
export type Disagreement = RowOf<'disagreements'>;
export type ExportRow = CallOutput<Contract['exportOne']>;
export type AuthorRow = CallOutput<Contract['authors']>['authors'][number];
export type SchemaVersion = CallOutput<Contract['schema']>;
export type Guide = CallOutput<Contract['guide']>;
export type AnchorReport = NonNullable<CallOutput<Contract['anchors']>['report']>;
export type Member = RowOf<'members'>;
export type Invitation = RowOf<'invitations'>;
export type Token = RowOf<'tokens'>;
export type Health = CallOutput<Contract['health']>;
export type Format = CallOutput<Contract['formats']>['formats'][number];

interface Page<T> { items: T[]; next: string | null }
/** A list paged by key: `next` of a page is the cursor of the one after it. */
function paged<T, K extends readonly unknown[]>(queryKey: K, read: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>) {
  return infiniteQueryOptions({
    queryKey,
    queryFn: ({ pageParam, signal }) => read(pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
  });
}

export type ItemFilter = Omit<QueryOf<'items'>, 'cursor' | 'limit'>;

export const q = {
  me: () => queryOptions({ queryKey: ['me'], queryFn: ({ signal }) => api.me({}, { signal }), staleTime: 60_000 }),
  setupState: (token?: string) => queryOptions({ queryKey: ['setup', token ?? ''], queryFn: ({ signal }) => api.setupState({ query: { token } }, { signal }) }),
  invitationLookup: (token: string) => queryOptions({ queryKey: ['link', token], queryFn: ({ signal }) => api.lookupInvitation({ query: { token } }, { signal }), retry: false }),
  health: () => queryOptions({ queryKey: ['health'], queryFn: ({ signal }) => api.health({}, { signal }), refetchInterval: 5_000 }),
  learning: () => queryOptions({ queryKey: ['learning'], queryFn: ({ signal }) => api.learning({}, { signal }), staleTime: 60_000, refetchInterval: ({ state }) => (state.data?.abilities === null ? 3_000 : false) }),
  storage: () => queryOptions({ queryKey: ['storage'], queryFn: ({ signal }) => api.storageUse({}, { signal }), staleTime: 30_000 }),
  formats: () => queryOptions({ queryKey: ['formats'], queryFn: ({ signal }) => api.formats({}, { signal }), staleTime: Infinity }),

  members: () => paged(['member', 'list'], (cursor, signal) => api.members({ query: { cursor } }, { signal })),
  invitations: () => paged(['invitation', 'list'], (cursor, signal) => api.invitations({ query: { cursor } }, { signal })),
  tokens: () => paged(['token', 'list'], (cursor, signal) => api.tokens({ query: { cursor } }, { signal })),

  projects: (filter: { trash?: boolean; q?: string } = {}) =>
    paged(['project', 'list', filter], (cursor, signal) => api.projects({ query: { ...filter, q: filter.q || undefined, cursor, limit: 60 } }, { signal })),
  project: (id: string) => queryOptions({ queryKey: ['project', id], queryFn: ({ signal }) => api.project({ params: { project: id } }, { signal }) }),
  schema: (project: string, version?: number) =>
    queryOptions({ queryKey: ['project', project, 'schema', version ?? 'newest'], queryFn: ({ signal }) => api.schema({ params: { project }, query: { version } }, { signal }) }),
  classUse: (project: string) => queryOptions({ queryKey: ['project', project, 'schema-use'], queryFn: ({ signal }) => api.classUse({ params: { project } }, { signal }) }),
  guide: (project: string, version?: number) =>
    queryOptions({ queryKey: ['project', project, 'guide', version ?? 'newest'], queryFn: ({ signal }) => api.guide({ params: { project }, query: { version } }, { signal }) }),
  anchors: (project: string) => queryOptions({ queryKey: ['project', project, 'anchors'], queryFn: ({ signal }) => api.anchors({ params: { project } }, { signal }) }),
  proposalStats: (project: string) => queryOptions({ queryKey: ['project', project, 'proposal-stats'], queryFn: ({ signal }) => api.proposalStats({ params: { project } }, { signal }) }),
  authors: (project: string) => queryOptions({ queryKey: ['project', project, 'authors'], queryFn: ({ signal }) => api.authors({ params: { project } }, { signal }) }),

  items: (project: string, filter: ItemFilter = {}) =>
    paged(['item', 'list', project, filter], (cursor, signal) => api.items({ params: { project }, query: { ...filter, cursor, limit: 120 } }, { signal })),

  imports: (project: string) => paged(['import', 'list', project], (cursor, signal) => api.imports({ params: { project }, query: { cursor, limit: 20 } }, { signal })),
  importOne: (id: string) => queryOptions({ queryKey: ['import', id], queryFn: ({ signal }) => api.importOne({ params: { id } }, { signal }) }),
  importEntries: (id: string, outcome?: ImportEntry['outcome']) =>
    paged(['import', id, 'entries', outcome ?? 'all'], (cursor, signal) => api.importEntries({ params: { id }, query: { outcome, cursor, limit: 100 } }, { signal })),
  batches: (project: string) => paged(['batch', 'list', project], (cursor, signal) => api.batches({ params: { project }, query: { cursor, limit: 20 } }, { signal })),

  jobs: (project: string, filter: { kind?: string; state?: Job['state'] } = {}) =>
    paged(['job', 'list', project, filter], (cursor, signal) => api.jobs({ params: { project }, query: { ...filter, cursor, limit: 50 } }, { signal })),
  /** Those of no project: the demo, the erasing of projects. */
  workspaceJobs: () => paged(['job', 'list', 'workspace'], (cursor, signal) => api.workspaceJobs({ query: { cursor, limit: 20 } }, { signal })),
  job: (id: string) => queryOptions({ queryKey: ['job', id], queryFn: ({ signal }) => api.job({ params: { id } }, { signal }) }),

  versions: (project: string) => paged(['version', 'list', project], (cursor, signal) => api.versions({ params: { project }, query: { cursor } }, { signal })),
  version: (id: string) => queryOptions({ queryKey: ['version', id], queryFn: ({ signal }) => api.version({ params: { id } }, { signal }) }),
  network: (model: string) => queryOptions({ queryKey: ['model', model, 'network'], queryFn: ({ signal }) => api.modelNetwork({ params: { id: model } }, { signal }), staleTime: Infinity }),
  evaluation: (model: string) => queryOptions({ queryKey: ['model', model, 'evaluation'], queryFn: ({ signal }) => api.modelEvaluation({ params: { id: model } }, { signal }), staleTime: Infinity }),
  viewings: (model: string) => queryOptions({ queryKey: ['model', model, 'viewings'], queryFn: ({ signal }) => api.modelViewings({ params: { id: model } }, { signal }), staleTime: Infinity }),
  models: (project: string, trash = false) => paged(['model', 'list', project, { trash }], (cursor, signal) => api.models({ params: { project }, query: { trash, cursor } }, { signal })),
  model: (id: string) => queryOptions({ queryKey: ['model', id], queryFn: ({ signal }) => api.model({ params: { id } }, { signal }) }),

  qualityReports: (project: string) => paged(['quality', 'list', project], (cursor, signal) => api.qualityReports({ params: { project }, query: { cursor, limit: 20 } }, { signal })),
  qualityReport: (id: string) => queryOptions({ queryKey: ['quality', id], queryFn: ({ signal }) => api.qualityReport({ params: { id } }, { signal }) }),
  disagreements: (id: string, kind?: Disagreement['kind']) =>
    paged(['quality', id, 'disagreements', kind ?? 'all'], (cursor, signal) => api.disagreements({ params: { id }, query: { kind, cursor, limit: 40 } }, { signal })),

  exports: (project: string) => paged(['export', 'list', project], (cursor, signal) => api.exports_({ params: { project }, query: { cursor, limit: 30 } }, { signal })),
  losses: (version: string, format: string) =>
    queryOptions({ queryKey: ['version', version, 'losses', format], queryFn: ({ signal }) => api.exportLosses({ params: { id: version }, query: { format } }, { signal }) }),
};

/** The rows of all pages read so far. */
export function rowsOf<T>(data: { pages: Page<T>[] } | undefined): T[] {
  return data?.pages.flatMap((p) => p.items) ?? [];
}

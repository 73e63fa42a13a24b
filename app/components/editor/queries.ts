/** What the labelling page reads besides the lists of `app/lib/queries`. */
import { queryOptions } from '@tanstack/react-query';
import type { CallOutput } from '@/lib/api/route';
import type { Contract } from '@/lib/api/contract';
import { api } from '../../lib/api';
import type { ItemFilter } from '../../lib/queries';

export type ItemDocuments = CallOutput<Contract['itemDocuments']>;
export type DocumentRow = ItemDocuments['team'];
export type Neighbours = CallOutput<Contract['neighbours']>;

export const eq = {
  item: (id: string) => queryOptions({ queryKey: ['item', id, 'row'], queryFn: ({ signal }) => api.item({ params: { id } }, { signal }) }),
  documents: (item: string) => queryOptions({ queryKey: ['item', item, 'documents'], queryFn: ({ signal }) => api.itemDocuments({ params: { id: item } }, { signal }) }),
  // Not under the item's key: every gesture changes the item, and the order of a long list is costly to ask for.
  neighbours: (item: string, filter: ItemFilter) =>
    queryOptions({ queryKey: ['neighbours', item, filter], queryFn: ({ signal }) => api.neighbours({ params: { id: item }, query: filter }, { signal }), staleTime: 20_000 }),
  document: (id: string) => queryOptions({ queryKey: ['document', id], queryFn: ({ signal }) => api.documentOne({ params: { id } }, { signal }), staleTime: 60_000 }),
  history: (id: string, after: number) => queryOptions({ queryKey: ['document', id, 'log', after], queryFn: ({ signal }) => api.log({ params: { id }, query: { after, limit: 200 } }, { signal }) }),
  conflicts: (id: string) => queryOptions({ queryKey: ['document', id, 'conflicts'], queryFn: ({ signal }) => api.conflicts({ params: { id }, query: { limit: 100 } }, { signal }) }),
};

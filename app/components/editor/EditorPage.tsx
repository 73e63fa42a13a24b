'use client';
import { useCallback, useEffect } from 'react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Box, Center } from '@mantine/core';
import Link from 'next/link';
import { addressOf } from '@/lib/api/client';
import { q } from '../../lib/queries';
import { ErrorState } from '../common/States';
import { useMe } from '../common/session';
import { itemAddress, useEditorAddress, type EditorAddress } from './address';
import { EditorSkeleton } from './EditorSkeleton';
import { eq, type ItemDocuments } from './queries';
import { browserModels, outboxOf, toolInHand } from './runtime';
import { useOpenDocument } from './useOpenDocument';
import { WorkbenchView } from './WorkbenchView';
import type { Item, SchemaVersion } from '../../lib/queries';

/** The labelling page: reads what it needs, then hands over to the workbench. */
export function EditorPage() {
  const address = useEditorAddress();
  const item = useQuery(eq.item(address.item));
  const documents = useQuery(eq.documents(address.item));
  const schema = useQuery(q.schema(address.project));
  const failed = [item, documents, schema].find((query) => query.error && query.data === undefined);
  useEffect(() => {
    document.title = item.data ? `${item.data.path} · Fieldmark` : 'Fieldmark';
  }, [item.data]);
  useEffect(() => () => {
    toolInHand.id = 'select';
    browserModels.close();
  }, []);
  if (failed) {
    return (
      <Center h="100vh" p="md">
        <Box>
          <ErrorState error={failed.error} what="The item" onRetry={() => void failed.refetch()} />
          <Link href={`/projects/${address.project}`}>Back to the items</Link>
        </Box>
      </Center>
    );
  }
  if (!item.data || !documents.data || !schema.data) return <EditorSkeleton />;
  return <Open key={address.item} address={address} item={item.data} documents={documents.data} schema={schema.data} />;
}

function Open({ address, item, documents, schema }: { address: EditorAddress; item: Item; documents: ItemDocuments; schema: SchemaVersion }) {
  const me = useMe();
  const outbox = outboxOf(me.user.id);
  const mine = documents.mine && address.document === documents.mine.id ? documents.mine : null;
  const row = mine ?? documents.team;
  const readOnly = !me.permissions.includes('label') || item.deletedAt !== null;
  const opened = useOpenDocument({ project: item.project, documentId: row.id, image: item, schema: schema.schema, outbox, readOnly });
  const neighbours = useQuery({ ...eq.neighbours(item.id, address.filter), placeholderData: (before) => before });
  usePrefetch(neighbours.data?.next ?? null, address);

  // A change of the address only: the next item needs nothing of the server that renders pages.
  const goTo = useCallback((id: string) => window.history.pushState(null, '', itemAddress(address.project, id, address.filterText)), [address.project, address.filterText]);

  if (opened.state === 'opening') return <EditorSkeleton />;
  if (opened.state === 'failed') return <Center h="100vh" p="md"><ErrorState error={opened.error} what="The labels" onRetry={opened.retry} /></Center>;
  return <WorkbenchView editor={opened.editor} outbox={outbox} item={item} row={row} documents={documents} neighbours={neighbours.data} address={address} goTo={goTo} />;
}

/** Reads the next item while this one is worked on: its row, its documents and its picture. */
function usePrefetch(next: string | null, address: EditorAddress): void {
  const client = useQueryClient();
  const { filter } = address;
  useEffect(() => {
    if (!next) return;
    void client.prefetchQuery(eq.documents(next));
    void client.prefetchQuery(eq.neighbours(next, filter));
    void client.fetchQuery(eq.item(next)).then((row) => {
      new Image().src = addressOf('asset', { params: { project: row.project, hash: row.asset, rendition: 'display' } });
    }).catch(() => undefined); // It is read again, and its failure told, when the item is opened.
  }, [client, next, filter]);
}

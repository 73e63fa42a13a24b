'use client';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Badge, Table, Text } from '@mantine/core';
import { modals } from '@mantine/modals';
import { IconArrowBackUp } from '@tabler/icons-react';
import { api } from '../../lib/api';
import { countOf, formatCount } from '../../lib/format';
import { q, rowsOf, type Batch } from '../../lib/queries';
import { useAction } from '../../lib/useAction';
import { ActionButton } from '../common/ActionButton';
import { LoadMore } from '../common/LoadMore';
import { RelativeTime } from '../common/RelativeTime';
import { Loaded } from '../common/States';

/** Imports, pre-labels and reassignments, each of which can be taken back as one. */
export function Batches({ project }: { project: string }) {
  const list = useInfiniteQuery(q.batches(project));
  const rows = rowsOf(list.data);
  const revert = useAction<Batch>({
    run: (b) => api.revertBatch({ params: { id: b.id } }), failed: 'The batch was not taken back', done: 'Taking it back; progress is at the top right.',
    invalidates: () => [['batch', 'list', project], ['job', 'list', project]],
  });
  const ask = (b: Batch) => modals.openConfirmModal({
    title: 'Take the batch back?',
    children: <Text size="sm">“{b.title}” changed {countOf(b.documents, 'document')}. Each gets one operation that undoes it; what people changed since stays, and the log keeps both. Images of an import that nobody touched go to the trash.</Text>,
    labels: { confirm: 'Take it back', cancel: 'Cancel' }, confirmProps: { color: 'red', variant: 'filled' }, onConfirm: () => revert.mutate(b),
  });
  return (
    <Loaded query={list} what="The batches">
      {() => rows.length === 0 ? <Text size="sm" c="dimmed">None yet. Imports, pre-labels and the reassignment of a class are listed here and can be taken back as one.</Text> : (
        <>
          <Table>
            <Table.Thead><Table.Tr><Table.Th>What</Table.Th><Table.Th className="fm-num">Documents</Table.Th><Table.Th className="fm-num">Annotations</Table.Th><Table.Th>By</Table.Th><Table.Th>When</Table.Th><Table.Th /></Table.Tr></Table.Thead>
            <Table.Tbody>
              {rows.map((b) => (
                <Table.Tr key={b.id}>
                  <Table.Td>{b.title} <Badge size="sm" color="gray">{b.kind}</Badge></Table.Td>
                  <Table.Td className="fm-num">{formatCount(b.documents)}</Table.Td>
                  <Table.Td className="fm-num">{formatCount(b.annotations)}</Table.Td>
                  <Table.Td>{b.by ?? '–'}</Table.Td>
                  <Table.Td><RelativeTime at={b.createdAt} /></Table.Td>
                  <Table.Td ta="right">{b.revertedAt ? <Text size="xs" c="dimmed">taken back <RelativeTime at={b.revertedAt} /></Text> : <ActionButton size="compact-xs" variant="subtle" permission="project.manage" leftSection={<IconArrowBackUp size={14} aria-hidden />} loading={revert.isPending && revert.variables?.id === b.id} onClick={() => ask(b)}>Take back</ActionButton>}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
          <LoadMore query={list} />
        </>
      )}
    </Loaded>
  );
}

'use client';
import { useMemo, useState } from 'react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Button, Checkbox, Group, Table, Text } from '@mantine/core';
import { IconRestore, IconTrashX } from '@tabler/icons-react';
import { api } from '../../lib/api';
import { assetUrl } from '../../lib/assets';
import { countOf } from '../../lib/format';
import { useEndings } from '../../lib/jobEndings';
import { useJob } from '../../lib/jobs';
import { q, rowsOf } from '../../lib/queries';
import { useAction } from '../../lib/useAction';
import { ActionButton } from '../common/ActionButton';
import { ItemStatusBadge } from '../common/badges';
import { ConfirmTyped } from '../common/ConfirmTyped';
import { JobStrip } from '../common/JobView';
import { LoadMore } from '../common/LoadMore';
import { RelativeTime } from '../common/RelativeTime';
import { Loaded } from '../common/States';

/** Images of a project in the trash: to be restored or erased, some or all that are loaded. */
export function TrashedItems({ project }: { project: string }) {
  const list = useInfiniteQuery(q.items(project, { trash: true }));
  const rows = rowsOf(list.data);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [asking, setAsking] = useState(false);
  const ids = rows.filter((r) => chosen.has(r.id)).map((r) => r.id);
  const stale = () => [['item', 'list', project], ['project', project], ['storage']];
  const after = () => setChosen(new Set());
  const restore = useAction<string[], { count: number }>({ run: (items) => api.restoreItems({ params: { project }, body: { items } }), failed: 'The images were not restored', done: ({ count }) => `${countOf(count, 'image')} restored`, invalidates: stale, onDone: after });
  const erase = useAction<string[], { job: string }>({
    run: (items) => api.eraseItems({ params: { project }, body: { items } }), failed: 'The images were not erased', invalidates: () => [...stale(), ['job', 'list', project]],
    onDone: () => { setAsking(false); after(); },
  });
  const erasing = useJob(erase.data?.job).data;
  useEndings(useMemo(() => (erasing ? [erasing] : []), [erasing]));
  const none = ids.length === 0 && 'Choose images first.';
  return (
    <Loaded query={list} what="The images">
      {() => (
        <>
          <Group justify="space-between" mb="xs">
            <Text fw={600}>Images</Text>
            {rows.length > 0 && (
              <Group gap="xs">
                <Text size="xs" c="dimmed" aria-live="polite">{ids.length} chosen</Text>
                <Button variant="subtle" onClick={() => setChosen(ids.length === rows.length ? new Set() : new Set(rows.map((r) => r.id)))}>{ids.length === rows.length ? 'Choose none' : `Choose all ${rows.length} loaded`}</Button>
                <ActionButton permission="project.manage" leftSection={<IconRestore size={15} aria-hidden />} blocked={none} loading={restore.isPending} onClick={() => restore.mutate(ids)}>Restore</ActionButton>
                <ActionButton permission="workspace.manage" color="red" variant="outline" leftSection={<IconTrashX size={15} aria-hidden />} blocked={none} onClick={() => setAsking(true)}>Erase for good</ActionButton>
              </Group>
            )}
          </Group>
          <JobStrip id={erase.data?.job} />
          {rows.length === 0 ? <Text size="sm" c="dimmed">No image of this project is in the trash.</Text> : (
            <Table>
              <Table.Thead><Table.Tr><Table.Th w={30} /><Table.Th w={70} /><Table.Th>Image</Table.Th><Table.Th>Status</Table.Th><Table.Th>Annotations</Table.Th><Table.Th>In the trash since</Table.Th></Table.Tr></Table.Thead>
              <Table.Tbody>
                {rows.map((r) => (
                  <Table.Tr key={r.id}>
                    <Table.Td><Checkbox aria-label={`Choose ${r.path}`} checked={chosen.has(r.id)} onChange={() => setChosen((s) => { const n = new Set(s); if (!n.delete(r.id)) n.add(r.id); return n; })} /></Table.Td>
                    <Table.Td><img src={assetUrl(project, r.asset, 'thumb')} alt="" loading="lazy" width={56} height={40} style={{ objectFit: 'contain', background: 'var(--fm-well)', borderRadius: 3, display: 'block' }} /></Table.Td>
                    <Table.Td style={{ overflowWrap: 'anywhere' }}>{r.path}</Table.Td>
                    <Table.Td><ItemStatusBadge status={r.status} /></Table.Td>
                    <Table.Td>{r.annotations}</Table.Td>
                    <Table.Td>{r.deletedAt && <RelativeTime at={r.deletedAt} />}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          )}
          <LoadMore query={list} />
          <ConfirmTyped opened={asking} onClose={() => setAsking(false)} title="Erase images for good?" expected={`erase ${ids.length}`} confirm="Erase for good" busy={erase.isPending} onConfirm={() => erase.mutate(ids)}>
            <Text size="sm">{countOf(ids.length, 'image')} with their labels and their log are erased. Frozen versions keep their manifests, but can no longer be exported with these images. This cannot be undone.</Text>
          </ConfirmTyped>
        </>
      )}
    </Loaded>
  );
}

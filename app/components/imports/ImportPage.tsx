'use client';
import { useState } from 'react';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Group, Table, Text, Tabs } from '@mantine/core';
import { api } from '../../lib/api';
import { countOf, formatBytes, formatCount } from '../../lib/format';
import { q, rowsOf, type Import } from '../../lib/queries';
import { useUpload } from '../../lib/uploads';
import { useAction } from '../../lib/useAction';
import { useProjectId } from '../../lib/useProjectId';
import { StateBadge } from '../common/badges';
import { LoadMore } from '../common/LoadMore';
import { PageHeader, Section } from '../common/PageHeader';
import { RelativeTime } from '../common/RelativeTime';
import { useMay } from '../common/session';
import { Loaded } from '../common/States';
import { Batches } from './Batches';
import { DropArea } from './DropArea';
import { ImportReport } from './ImportReport';
import { UploadProgress } from './UploadProgress';

export function ImportPage() {
  const project = useProjectId();
  const client = useQueryClient();
  const may = useMay('data.import');
  const upload = useUpload(project);
  const [chosen, setChosen] = useState<string | null>(null);
  const list = useInfiniteQuery(q.imports(project));
  const rows = rowsOf(list.data);
  const shown = chosen ?? rows.find((r) => r.state !== 'receiving')?.id ?? null;
  const committed = (id: string) => {
    setChosen(id);
    for (const queryKey of [['import', 'list', project], ['job', 'list', project], ['project', project]]) void client.invalidateQueries({ queryKey });
  };
  return (
    <>
      <PageHeader title="Import">
        JPEG, PNG, WebP, TIFF and BMP images, with Pascal VOC, COCO or YOLO annotations beside them. Nothing is imported by halves: each image comes in whole, with its annotations, or the report says why not.
      </PageHeader>
      {upload ? <UploadProgress upload={upload} onCommitted={committed} /> : may.allowed ? <DropArea project={project} onCommitted={committed} /> : <Text size="sm" c="dimmed" mb="md">{may.reason}</Text>}
      <Tabs defaultValue="imports" mt="lg">
        <Tabs.List mb="sm">
          <Tabs.Tab value="imports">Imports</Tabs.Tab>
          <Tabs.Tab value="batches">Batches to take back</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="imports">
          <Loaded query={list} what="The imports">
            {() => rows.length === 0 ? <Text size="sm" c="dimmed">No imports yet. What you import is listed here, with a report of every file.</Text> : (
              <>
                {shown && <ImportReport key={shown} id={shown} project={project} />}
                <Section title="All imports">
                  <Table highlightOnHover>
                    <Table.Thead><Table.Tr><Table.Th w={130}>State</Table.Th><Table.Th>Source</Table.Th><Table.Th className="fm-num">Received</Table.Th><Table.Th className="fm-num">Imported</Table.Th><Table.Th className="fm-num">Skipped</Table.Th><Table.Th className="fm-num">Refused</Table.Th><Table.Th className="fm-num">Annotations</Table.Th><Table.Th>When</Table.Th><Table.Th /></Table.Tr></Table.Thead>
                    <Table.Tbody>{rows.map((r) => <Row key={r.id} row={r} uploading={upload?.importId === r.id} shown={r.id === shown} onShow={() => setChosen(r.id)} />)}</Table.Tbody>
                  </Table>
                  <LoadMore query={list} />
                </Section>
              </>
            )}
          </Loaded>
        </Tabs.Panel>
        <Tabs.Panel value="batches"><Batches project={project} /></Tabs.Panel>
      </Tabs>
    </>
  );
}

function Row({ row, uploading, shown, onShow }: { row: Import; uploading: boolean; shown: boolean; onShow: () => void }) {
  const may = useMay('data.import');
  const drop = useAction({ run: () => api.cancelImport({ params: { id: row.id } }), failed: 'The import was not dropped', invalidates: () => [['import', 'list', row.project]] });
  const left = row.state === 'receiving' && !uploading;
  return (
    <Table.Tr bg={shown ? 'var(--mantine-color-field-light)' : undefined}>
      <Table.Td><StateBadge state={row.state} /></Table.Td>
      <Table.Td maw={260}><Text size="xs" truncate title={row.source}>{row.source}</Text>{left && <Text size="xs" c="dimmed">The upload was broken off, or goes on in another window.</Text>}</Table.Td>
      <Table.Td className="fm-num" title={formatBytes(row.received.bytes)}>{countOf(row.received.files, 'file')}</Table.Td>
      <Table.Td className="fm-num">{formatCount(row.counts.imported)}</Table.Td>
      <Table.Td className="fm-num">{formatCount(row.counts.skipped)}</Table.Td>
      <Table.Td className="fm-num">{formatCount(row.counts.refused)}</Table.Td>
      <Table.Td className="fm-num">{formatCount(row.counts.annotations)}</Table.Td>
      <Table.Td style={{ whiteSpace: 'nowrap' }}><RelativeTime at={row.createdAt} /></Table.Td>
      <Table.Td><Group gap={4} justify="flex-end" wrap="nowrap">
        {left && may.allowed && <Button size="compact-xs" variant="subtle" color="red" loading={drop.isPending} onClick={() => drop.mutate()}>Drop it</Button>}
        {row.state !== 'receiving' && <Button size="compact-xs" variant="subtle" onClick={onShow} aria-pressed={shown}>Report</Button>}
      </Group></Table.Td>
    </Table.Tr>
  );
}

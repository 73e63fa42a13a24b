'use client';
import { useState } from 'react';
import Link from 'next/link';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Alert, Anchor, Group, SegmentedControl, Table, Text } from '@mantine/core';
import { countOf, formatCount } from '../../lib/format';
import { isActive, useJob } from '../../lib/jobs';
import { q, rowsOf, type ImportEntry } from '../../lib/queries';
import { itemHref } from '../../lib/assets';
import { OutcomeBadge, StateBadge } from '../common/badges';
import { JobView } from '../common/JobView';
import { LoadMore } from '../common/LoadMore';
import { Section } from '../common/PageHeader';
import { RelativeTime } from '../common/RelativeTime';
import { Loaded, RowsSkeleton } from '../common/States';

type Outcome = ImportEntry['outcome'];

/** What happened to which file, and why. */
export function ImportReport({ id, project }: { id: string; project: string }) {
  const one = useQuery(q.importOne(id));
  const job = useJob(one.data?.job);
  return (
    <Loaded query={one} what="The report" skeleton={<RowsSkeleton rows={3} />}>
      {(row) => (
        <Section title={<Group gap="xs">Report of “{row.source}” <StateBadge state={row.state} /></Group>} hint={<><RelativeTime at={row.createdAt} />: {countOf(row.counts.imported, 'image')} imported with {countOf(row.counts.annotations, 'annotation')}, {formatCount(row.counts.warnings)} with a warning, {formatCount(row.counts.skipped)} skipped, {formatCount(row.counts.refused)} refused.</>}>
          {job.data && (isActive(job.data) || job.data.state === 'failed') && <JobView job={job.data} />}
          {row.message && !job.data?.error && <Alert color={row.state === 'failed' ? 'red' : 'gray'} p="xs" my="xs"><Text size="sm">{row.message}</Text></Alert>}
          <Entries id={id} project={project} counts={row.counts} />
        </Section>
      )}
    </Loaded>
  );
}

function Entries({ id, project, counts }: { id: string; project: string; counts: { imported: number; warnings: number; skipped: number; refused: number } }) {
  const troubled = counts.warnings + counts.skipped + counts.refused > 0;
  const [outcome, setOutcome] = useState<Outcome | 'all'>(counts.refused ? 'refused' : counts.warnings ? 'warning' : 'all');
  const list = useInfiniteQuery(q.importEntries(id, outcome === 'all' ? undefined : outcome));
  const rows = rowsOf(list.data);
  const tabs: { value: Outcome | 'all'; label: string; count?: number }[] = [
    { value: 'all', label: 'All' }, { value: 'refused', label: 'Refused', count: counts.refused }, { value: 'warning', label: 'Warnings', count: counts.warnings },
    { value: 'skipped', label: 'Skipped', count: counts.skipped }, { value: 'imported', label: 'Imported', count: counts.imported },
  ];
  return (
    <>
      <Group my="xs"><SegmentedControl aria-label="Which files" value={outcome} onChange={(v) => setOutcome(v as Outcome | 'all')} data={tabs.map((t) => ({ value: t.value, label: t.count === undefined ? t.label : `${t.label} ${formatCount(t.count)}` }))} /></Group>
      <Loaded query={list} what="The files" skeleton={<RowsSkeleton rows={4} />}>
        {() => rows.length === 0 ? <Text size="sm" c="dimmed">{outcome === 'all' && !troubled ? 'No file yet.' : 'No such file.'}</Text> : (
          <div style={{ maxHeight: 360, overflow: 'auto', border: '1px solid var(--fm-line)', borderRadius: 4 }}>
            <Table stickyHeader>
              <Table.Thead><Table.Tr><Table.Th w={140}>Outcome</Table.Th><Table.Th w="34%">File</Table.Th><Table.Th>What happened</Table.Th></Table.Tr></Table.Thead>
              <Table.Tbody>
                {rows.map((e) => (
                  <Table.Tr key={e.n}>
                    <Table.Td><OutcomeBadge outcome={e.outcome} /></Table.Td>
                    <Table.Td style={{ overflowWrap: 'anywhere' }}>{e.item ? <Anchor component={Link} href={itemHref(project, e.item)} size="xs" prefetch={false}>{e.path}</Anchor> : e.path}</Table.Td>
                    <Table.Td style={{ overflowWrap: 'anywhere' }}>{e.message}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
            <LoadMore query={list} />
          </div>
        )}
      </Loaded>
    </>
  );
}

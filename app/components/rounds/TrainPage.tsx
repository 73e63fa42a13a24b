'use client';
import { Suspense, useState } from 'react';
import Link from 'next/link';
import { useSearchParams } from 'next/navigation';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Anchor, Table, Text } from '@mantine/core';
import { IconCpu } from '@tabler/icons-react';
import { formatDuration } from '../../lib/format';
import { isActive, usePollMs } from '../../lib/jobs';
import { q, rowsOf, type Job } from '../../lib/queries';
import { useProjectId } from '../../lib/useProjectId';
import { StateBadge } from '../common/badges';
import { LoadMore } from '../common/LoadMore';
import { PageHeader, Section } from '../common/PageHeader';
import { RelativeTime } from '../common/RelativeTime';
import { EmptyState, Loaded, RowsSkeleton } from '../common/States';
import { RunView } from './RunView';
import { TrainForm } from './TrainForm';

export function TrainPage() {
  return <Suspense fallback={<RowsSkeleton />}><Page /></Suspense>;
}

function Page() {
  const project = useProjectId();
  const poll = usePollMs();
  const search = useSearchParams();
  const counts = useQuery(q.project(project)).data?.counts;
  const list = useInfiniteQuery({ ...q.jobs(project, { kind: 'train' }), refetchInterval: (query) => (rowsOf(query.state.data).some(isActive) ? poll : false) });
  const runs = rowsOf(list.data);
  const [chosen, setChosen] = useState<string | null>(search.get('run'));
  const shown = runs.find((r) => r.id === chosen) ?? runs.find(isActive) ?? runs[0];
  return (
    <>
      <PageHeader title="Training">
        Trains a model on a frozen version, in a worker. The best weights by validation become a model of this project. It becomes the current one where there is none, or when it beats the current one of the same task; a model of another task takes its place only when you make it current.
      </PageHeader>
      <Loaded query={list} what="The training runs">
        {() => counts?.done === 0 && runs.length === 0 ? (
          <EmptyState icon={<IconCpu size={44} stroke={1.2} />} title="Nothing to train on yet">
            Only done images are trained on. Label a few dozen boxes and mark their images done, on the <Anchor component={Link} href={`/projects/${project}`} size="sm">images page</Anchor>; then come back.
          </EmptyState>
        ) : (
          <>
            <TrainForm project={project} version={search.get('version')} running={runs.some(isActive)} onStarted={setChosen} />
            {shown && <RunView key={shown.id} job={shown} project={project} />}
            {runs.length > 1 && <Section title="All runs"><Runs runs={runs} shown={shown?.id} onShow={setChosen} /><LoadMore query={list} /></Section>}
          </>
        )}
      </Loaded>
    </>
  );
}

function Runs({ runs, shown, onShow }: { runs: Job[]; shown: string | undefined; onShow: (id: string) => void }) {
  return (
    <Table highlightOnHover>
      <Table.Thead><Table.Tr><Table.Th w={120}>State</Table.Th><Table.Th>Run</Table.Th><Table.Th>By</Table.Th><Table.Th className="fm-num">Took</Table.Th><Table.Th>Begun</Table.Th></Table.Tr></Table.Thead>
      <Table.Tbody>
        {runs.map((r) => (
          <Table.Tr key={r.id} bg={r.id === shown ? 'var(--mantine-color-field-light)' : undefined}>
            <Table.Td><StateBadge state={r.state} /></Table.Td>
            <Table.Td><Anchor component="button" type="button" size="xs" onClick={() => onShow(r.id)} aria-pressed={r.id === shown}>{r.title}</Anchor></Table.Td>
            <Table.Td>{r.by ?? '–'}</Table.Td>
            <Table.Td className="fm-num">{r.startedAt && r.finishedAt ? formatDuration((Date.parse(r.finishedAt) - Date.parse(r.startedAt)) / 1000) : <Text span size="xs" c="dimmed">–</Text>}</Table.Td>
            <Table.Td><RelativeTime at={r.createdAt} /></Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

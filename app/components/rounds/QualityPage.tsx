'use client';
import { Suspense, useState } from 'react';
import { useSearchParams } from 'next/navigation';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Anchor, Table, Text } from '@mantine/core';
import { formatCount, formatFigure, formatShare } from '../../lib/format';
import { usePollMs } from '../../lib/jobs';
import { q, rowsOf } from '../../lib/queries';
import { useProjectId } from '../../lib/useProjectId';
import { StateBadge } from '../common/badges';
import { LoadMore } from '../common/LoadMore';
import { PageHeader, Section } from '../common/PageHeader';
import { RelativeTime } from '../common/RelativeTime';
import { Loaded, RowsSkeleton } from '../common/States';
import { CompareForm } from './CompareForm';
import { QualityReportView } from './QualityReportView';

export function QualityPage() {
  return <Suspense fallback={<RowsSkeleton />}><Page /></Suspense>;
}

function Page() {
  const project = useProjectId();
  const poll = usePollMs();
  const search = useSearchParams();
  const list = useInfiniteQuery({ ...q.qualityReports(project), refetchInterval: (query) => (rowsOf(query.state.data).some((r) => r.state === 'building') ? poll : false) });
  const rows = rowsOf(list.data);
  const [chosen, setChosen] = useState<string | null>(search.get('report'));
  const choose = (id: string) => {
    setChosen(id);
    // The address keeps the report: the way back from the labelling page leads to it.
    window.history.replaceState(null, '', `?report=${id}`);
  };
  const shown = chosen ?? rows[0]?.id;
  return (
    <>
      <PageHeader title="Quality">
        Compares what two authors drew on the same images: two people, a person and a model, an import and the team. Objects are matched by IoU; what has no partner is a disagreement, and opens at its place.
      </PageHeader>
      <CompareForm project={project} onStarted={choose} />
      <Loaded query={list} what="The reports">
        {() => (
          <>
            {shown && <QualityReportView key={shown} id={shown} project={project} />}
            {rows.length > 0 && (
              <Section title="All reports">
                <Table highlightOnHover>
                  <Table.Thead><Table.Tr><Table.Th w={110}>State</Table.Th><Table.Th>Compared</Table.Th><Table.Th className="fm-num">Images</Table.Th><Table.Th className="fm-num">IoU</Table.Th><Table.Th className="fm-num">F1</Table.Th><Table.Th className="fm-num">Mean IoU</Table.Th><Table.Th className="fm-num">Disagreements</Table.Th><Table.Th>When</Table.Th></Table.Tr></Table.Thead>
                  <Table.Tbody>
                    {rows.map((r) => (
                      <Table.Tr key={r.id} bg={r.id === shown ? 'var(--mantine-color-field-light)' : undefined}>
                        <Table.Td><StateBadge state={r.state} /></Table.Td>
                        <Table.Td><Anchor component="button" type="button" size="xs" onClick={() => choose(r.id)} aria-pressed={r.id === shown}>{r.b.name} against {r.a.name}</Anchor></Table.Td>
                        <Table.Td className="fm-num">{formatCount(r.items)}</Table.Td>
                        <Table.Td className="fm-num">{r.iou.toFixed(2)}</Table.Td>
                        <Table.Td className="fm-num">{formatShare(r.overall?.f1)}</Table.Td>
                        <Table.Td className="fm-num">{formatFigure(r.overall?.meanIou)}</Table.Td>
                        <Table.Td className="fm-num">{formatCount(r.disagreements)}</Table.Td>
                        <Table.Td><RelativeTime at={r.createdAt} /></Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
                <LoadMore query={list} />
              </Section>
            )}
            {rows.length === 0 && !chosen && <Text size="sm" c="dimmed">No report yet. Choose two authors above and compare them.</Text>}
          </>
        )}
      </Loaded>
    </>
  );
}

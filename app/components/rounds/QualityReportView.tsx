'use client';
import { useQuery } from '@tanstack/react-query';
import { Stack, Table, Text } from '@mantine/core';
import { countOf, formatCount, formatFigure, formatShare } from '../../lib/format';
import { usePollMs } from '../../lib/jobs';
import { q, type QualityReport } from '../../lib/queries';
import { ConfusionTable } from './ConfusionTable';
import { ClassName } from '../common/badges';
import { JobStrip } from '../common/JobView';
import { Section } from '../common/PageHeader';
import { RelativeTime } from '../common/RelativeTime';
import { Loaded, RowsSkeleton } from '../common/States';
import { Disagreements } from './Disagreements';
import { Figure, Figures } from './Figures';

export function QualityReportView({ id, project }: { id: string; project: string }) {
  const poll = usePollMs();
  const query = useQuery({ ...q.qualityReport(id), refetchInterval: (x) => (x.state.data?.state === 'building' ? poll : false) });
  return <Loaded query={query} what="The report" skeleton={<RowsSkeleton rows={4} />}>{(r) => <Body report={r} project={project} />}</Loaded>;
}

function Body({ report: r, project }: { report: QualityReport; project: string }) {
  const schema = useQuery(q.schema(project)).data?.schema;
  const color = (id: string) => schema?.classes.find((c) => c.id === id)?.color ?? '#868e96';
  const o = r.overall;
  return (
    <>
      <Section title={`${r.b.name} against ${r.a.name}`} hint={<>{countOf(r.items, 'image')} that both have, matched from IoU {r.iou.toFixed(2)}{r.a.kind === 'model' || r.b.kind === 'model' ? `, proposals from score ${r.minScore.toFixed(2)}` : ''}; <RelativeTime at={r.createdAt} />.</>}>
        {r.state !== 'ready' && <JobStrip id={r.job} />}
        {r.state === 'ready' && r.items === 0 && <Text size="sm" c="dimmed">There was no image that both authors have, under these settings. Try without “done images only”, or another split.</Text>}
        {o && r.items > 0 && (
          <Stack gap="md">
            <Figures>
              <Figure label="F1" value={formatShare(o.f1)} hint={r.interval ? `95 % sure: ${formatShare(r.interval.f1[0])} to ${formatShare(r.interval.f1[1])}` : undefined} />
              <Figure label="Precision" value={formatShare(o.precision)} hint={`of what ${r.b.name} drew`} />
              <Figure label="Recall" value={formatShare(o.recall)} hint={`of what ${r.a.name} has`} />
              <Figure label="Mean IoU of matches" value={formatFigure(o.meanIou)} />
              <Figure label="Matched" value={formatCount(o.matches)} />
              <Figure label="Missing" value={formatCount(o.onlyA)} hint={`only ${r.a.name}`} />
              <Figure label="Extra" value={formatCount(o.onlyB)} hint={`only ${r.b.name}`} />
            </Figures>
            <Stack gap="lg">
              <Table maw={860}>
                <Table.Thead><Table.Tr><Table.Th>Class</Table.Th><Table.Th className="fm-num">Matched</Table.Th><Table.Th className="fm-num">Missing</Table.Th><Table.Th className="fm-num">Extra</Table.Th><Table.Th className="fm-num">Precision</Table.Th><Table.Th className="fm-num">Recall</Table.Th><Table.Th className="fm-num">F1</Table.Th><Table.Th className="fm-num">IoU</Table.Th></Table.Tr></Table.Thead>
                <Table.Tbody>
                  {r.perClass.map((c) => (
                    <Table.Tr key={c.classId}>
                      <Table.Td><ClassName name={c.name} color={color(c.classId)} /></Table.Td>
                      <Table.Td className="fm-num">{formatCount(c.matches)}</Table.Td><Table.Td className="fm-num">{formatCount(c.onlyA)}</Table.Td><Table.Td className="fm-num">{formatCount(c.onlyB)}</Table.Td>
                      <Table.Td className="fm-num">{formatShare(c.precision)}</Table.Td><Table.Td className="fm-num">{formatShare(c.recall)}</Table.Td><Table.Td className="fm-num">{formatShare(c.f1)}</Table.Td><Table.Td className="fm-num">{formatFigure(c.meanIou, 2)}</Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
              <Confusion report={r} color={color} />
            </Stack>
          </Stack>
        )}
      </Section>
      {r.state === 'ready' && r.items > 0 && <Disagreements report={r} project={project} />}
    </>
  );
}

function Confusion({ report: r, color }: { report: QualityReport; color: (id: string) => string }) {
  const total = (c: QualityReport['perClass'][number]) => c.matches + c.onlyA + c.onlyB;
  const classes = [...r.perClass].sort((a, b) => total(b) - total(a)).map((c) => ({ id: c.classId, name: c.name }));
  return (
    <ConfusionTable
      classes={classes} color={color} count={(a, b) => r.confusion.find((x) => x.a === a && x.b === b)?.count ?? 0} none={{ row: 'not there', column: 'not drawn' }}
      caption={`Rows: ${r.a.name}. Columns: ${r.b.name}. On the diagonal the two agree.`}
      cell={(a, b, n, share) => `${a} in the reference, ${b} here: ${n}, ${share} of the row`}
    />
  );
}

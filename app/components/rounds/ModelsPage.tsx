'use client';
import { useState } from 'react';
import Link from 'next/link';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Accordion, Anchor, Badge, Box, Button, Group, Menu, Stack, Table, Text } from '@mantine/core';
import { IconBoxMultiple, IconCpu, IconDownload, IconPlus, IconSparkles, IconStack2, IconStar, IconStarFilled, IconTrash } from '@tabler/icons-react';
import { addressOf } from '@/lib/api/client';
import type { Contract } from '@/lib/api/contract';
import type { CallOutput } from '@/lib/api/route';
import type { LabelClass, TaskName } from '@/lib/core/labels';
import { api } from '../../lib/api';
import { formatBytes, formatCount, formatDuration, formatShare } from '../../lib/format';
import { headline, taskTexts } from '../../lib/metrics';
import { q, rowsOf, type Model } from '../../lib/queries';
import { useAction } from '../../lib/useAction';
import { useProjectId } from '../../lib/useProjectId';
import { ActionButton } from '../common/ActionButton';
import { ClassName } from '../common/badges';
import { LoadMore } from '../common/LoadMore';
import { notifyUndo } from '../common/notifyUndo';
import { PageHeader, Section } from '../common/PageHeader';
import { RelativeTime } from '../common/RelativeTime';
import { useMay } from '../common/session';
import { EmptyState, Loaded } from '../common/States';
import { AddModelDialog } from './AddModelDialog';
import { EvaluateAction } from './EvaluateAction';
import { EvaluationView } from './EvaluationView';
import { MetricsTable } from './MetricsTable';
import { PrelabelDialog } from './PrelabelDialog';

export function ModelsPage() {
  const project = useProjectId();
  const list = useInfiniteQuery(q.models(project));
  const rows = rowsOf(list.data);
  const [asking, setAsking] = useState<string | null>(null);
  const [adding, setAdding] = useState(false);
  const add = <ActionButton permission="train" leftSection={<IconPlus size={15} aria-hidden />} onClick={() => setAdding(true)}>Add a model</ActionButton>;
  return (
    <>
      <PageHeader title="Models" actions={rows.length > 0 && <><Button component={Link} href={`/trash?project=${project}`} variant="subtle" color="gray" leftSection={<IconTrash size={15} aria-hidden />}>Trash</Button>{add}<Button component={Link} href={`/projects/${project}/train`} leftSection={<IconCpu size={15} aria-hidden />}>Train</Button><ActionButton permission="train" variant="filled" leftSection={<IconSparkles size={15} aria-hidden />} onClick={() => setAsking('current')}>Pre-label</ActionButton></>}>
        Proposals that labellers see are those of the current model.
      </PageHeader>
      <Loaded query={list} what="The models">
        {() => rows.length === 0 ? (
          <EmptyState icon={<IconBoxMultiple size={44} stroke={1.2} />} title="No models yet" actions={<><Button component={Link} href={`/projects/${project}/train`} variant="filled" leftSection={<IconCpu size={15} aria-hidden />}>Train the first</Button>{add}</>}>
            A model learns from the done images and proposes labels for the rest. Ten minutes of training are enough to see whether it learns. Networks that come along, for everyday objects and poses, can be added at once.
          </EmptyState>
        ) : (
          <>
            <Accordion variant="separated" multiple defaultValue={[rows.find((m) => m.current)?.id ?? rows[0]!.id]}>{rows.map((m) => <ModelItem key={m.id} model={m} project={project} onPrelabel={() => setAsking(m.id)} />)}</Accordion>
            <LoadMore query={list} />
            <Box mt="xl"><ProposalStats project={project} /></Box>
          </>
        )}
      </Loaded>
      <AddModelDialog project={project} opened={adding} onClose={() => setAdding(false)} />
      <PrelabelDialog project={project} opened={asking !== null} onClose={() => setAsking(null)} model={asking && asking !== 'current' ? asking : undefined} />
    </>
  );
}

/** How a model is stored: its own layers, or the ONNX file it came as. */
const filesOf = (m: Model) => (m.options['source'] === 'upload' ? (['model.onnx', 'card.json'] as const) : (['model.json', 'weights.bin', 'card.json'] as const));

function ModelItem({ model: m, project, onPrelabel }: { model: Model; project: string; onPrelabel: () => void }) {
  const may = useMay('data.export');
  const best = headline(m);
  const stale = () => [['model', 'list', project], ['model', m.id], ['project', project], ['item', 'list', project]];
  const promote = useAction({ run: () => api.promoteModel({ params: { id: m.id } }), failed: 'The model was not promoted', done: `“${m.name}” is the current model.`, invalidates: stale });
  const undo = useAction({
    // A model that was the current one is the current one again.
    run: async () => {
      await api.restoreModel({ params: { id: m.id } });
      if (m.current) await api.promoteModel({ params: { id: m.id } });
    },
    failed: 'The model was not restored', done: 'Restored', invalidates: stale,
  });
  const trash = useAction({
    run: () => api.trashModel({ params: { id: m.id } }), failed: 'The model was not moved to the trash', invalidates: stale,
    onDone: () => notifyUndo(`Model ${m.number} moved to the trash`, () => undo.mutate()),
  });
  return (
    <Accordion.Item value={m.id}>
      <Accordion.Control>
        <Group gap="sm" wrap="nowrap" pr="md">
          <Text fw={600} style={{ whiteSpace: 'nowrap' }}>Model {m.number}</Text>
          <Text size="sm" truncate flex={1}>{m.name === `Model ${m.number}` ? '' : m.name}</Text>
          {m.current && <Badge color="field" leftSection={<IconStarFilled size={12} aria-hidden />}>Current</Badge>}
          {best ? <Text size="sm" className="fm-tabular" style={{ whiteSpace: 'nowrap' }}>{best.title} <b>{best.value}</b> <Text span c="dimmed" size="xs">on {best.split}</Text></Text> : <Text size="xs" c="dimmed">not measured</Text>}
          <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}><RelativeTime at={m.createdAt} /></Text>
        </Group>
      </Accordion.Control>
      <Accordion.Panel>
        <Stack gap="md">
          <MetricsTable model={m} project={project} />
          <EvaluateAction model={m} project={project} />
          <EvaluationView model={m} project={project} />
          <Text size="xs" c="dimmed">
            {taskTexts[m.task as TaskName]?.title ?? m.task}{m.trainedSeconds > 0 && <> · trained for {formatDuration(m.trainedSeconds)}</>}{m.datasetNumber !== null && <> on <Anchor component={Link} href={`/projects/${project}/versions`} size="xs">version {m.datasetNumber}</Anchor></>} · {formatCount(m.parameters)} parameters · {formatBytes(m.bytes)}
            {m.job && <> · <Anchor component={Link} href={`/projects/${project}/train?run=${m.job}`} size="xs">its training run</Anchor></>}
          </Text>
          <Group gap="xs">
            <ActionButton permission="train" variant={m.current ? 'filled' : 'default'} leftSection={<IconSparkles size={15} aria-hidden />} onClick={onPrelabel}>Pre-label</ActionButton>
            {!m.current && <ActionButton permission="train" leftSection={<IconStar size={15} aria-hidden />} loading={promote.isPending} onClick={() => promote.mutate()}>Make current</ActionButton>}
            <Button component={Link} href={`/projects/${project}/models/${m.id}`} variant="subtle" leftSection={<IconStack2 size={15} aria-hidden />}>Network</Button>
            {may.allowed && (
              <Menu position="bottom-start">
                <Menu.Target><Button variant="subtle" leftSection={<IconDownload size={15} aria-hidden />}>Files</Button></Menu.Target>
                <Menu.Dropdown>{filesOf(m).map((file) => <Menu.Item key={file} component="a" href={addressOf('modelFile', { params: { id: m.id, file } })} download={file}>{file}</Menu.Item>)}</Menu.Dropdown>
              </Menu>
            )}
            <ActionButton permission="train" variant="subtle" color="red" leftSection={<IconTrash size={15} aria-hidden />} loading={trash.isPending} onClick={() => trash.mutate()}>Move to trash</ActionButton>
          </Group>
        </Stack>
      </Accordion.Panel>
    </Accordion.Item>
  );
}

/** What people did with the proposals: whether pre-labelling is worth it. */
function ProposalStats({ project }: { project: string }) {
  const query = useQuery(q.proposalStats(project));
  const classes = useQuery(q.schema(project)).data?.schema.classes ?? [];
  return <Loaded query={query} what="What people did with the proposals">{({ rows }) => rows.length > 0 && <StatsTable stats={rows} classes={classes} />}</Loaded>;
}

function StatsTable({ stats, classes }: { stats: CallOutput<Contract['proposalStats']>['rows']; classes: readonly LabelClass[] }) {
  return (
    <Section title="What people did with the proposals" hint="Accepted as they were, corrected in place, given another class, or rejected. Undecided ones are in none of these.">
      <Table>
        <Table.Thead><Table.Tr><Table.Th>Model</Table.Th><Table.Th>Class</Table.Th><Table.Th className="fm-num">Proposed</Table.Th><Table.Th className="fm-num">Accepted</Table.Th><Table.Th className="fm-num">Corrected</Table.Th><Table.Th className="fm-num">Other class</Table.Th><Table.Th className="fm-num">Rejected</Table.Th><Table.Th className="fm-num">Kept, of decided</Table.Th></Table.Tr></Table.Thead>
        <Table.Tbody>
          {stats.map((s) => {
            const cls = classes.find((c) => c.id === s.classId);
            const kept = s.accepted + s.corrected + s.reclassed;
            const decided = kept + s.rejected;
            return (
              <Table.Tr key={s.model + s.classId}>
                <Table.Td>Model {s.modelNumber}</Table.Td>
                <Table.Td><ClassName name={cls?.name ?? 'a class taken out'} color={cls?.color ?? '#868e96'} /></Table.Td>
                {[s.proposed, s.accepted, s.corrected, s.reclassed, s.rejected].map((n, i) => <Table.Td key={i} className="fm-num">{formatCount(n)}</Table.Td>)}
                <Table.Td className="fm-num">{decided ? formatShare(kept / decided, 0) : '–'}</Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </Section>
  );
}

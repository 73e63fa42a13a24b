'use client';
import { Suspense, useMemo, useState } from 'react';
import { useSearchParams } from 'next/navigation';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Group, Select, Table, Tabs, Text } from '@mantine/core';
import { IconRestore, IconTrash, IconTrashX } from '@tabler/icons-react';
import { api } from '../../lib/api';
import { countOf, formatBytes } from '../../lib/format';
import { useEndings } from '../../lib/jobEndings';
import { useJob } from '../../lib/jobs';
import { headline } from '../../lib/metrics';
import { q, rowsOf, type Model, type Project } from '../../lib/queries';
import { useAction } from '../../lib/useAction';
import { ActionButton } from '../common/ActionButton';
import { ConfirmTyped } from '../common/ConfirmTyped';
import { LoadMore } from '../common/LoadMore';
import { PageHeader } from '../common/PageHeader';
import { RelativeTime } from '../common/RelativeTime';
import { EmptyState, Loaded, RowsSkeleton } from '../common/States';
import { TrashedItems } from './TrashedItems';

export function TrashPage() {
  return <Suspense fallback={<RowsSkeleton />}><Page /></Suspense>;
}

function Page() {
  const search = useSearchParams();
  const of = search.get('project');
  const storage = useQuery(q.storage()).data;
  const projects = useInfiniteQuery(q.projects());
  const options = rowsOf(projects.data);
  const [chosen, setChosen] = useState<string | null>(of);
  const project = chosen ?? options[0]?.id ?? null;
  return (
    <>
      <PageHeader title="Trash">
        What is here is out of all lists, training and exports, and loses nothing until an owner erases it for good. {storage && storage.trashBytes > 0 ? `It holds ${formatBytes(storage.trashBytes)}.` : ''}
      </PageHeader>
      <Tabs defaultValue={of ? 'items' : 'projects'}>
        <Tabs.List mb="md">
          <Tabs.Tab value="projects">Projects</Tabs.Tab>
          <Tabs.Tab value="items">Images and models of a project</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="projects"><TrashedProjects /></Tabs.Panel>
        <Tabs.Panel value="items">
          <Select label="Project" maw={320} mb="md" searchable value={project} onChange={setChosen} data={options.map((p) => ({ value: p.id, label: p.name }))} placeholder="Choose a project" />
          {project && <><TrashedItems key={`i${project}`} project={project} /><TrashedModels key={`m${project}`} project={project} /></>}
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

function TrashedProjects() {
  const list = useInfiniteQuery(q.projects({ trash: true }));
  const rows = rowsOf(list.data);
  return (
    <Loaded query={list} what="The trash">
      {() => rows.length === 0 ? <EmptyState icon={<IconTrash size={40} stroke={1.2} />} title="No projects in the trash">A project gets here from its settings.</EmptyState> : (
        <>
          <Table>
            <Table.Thead><Table.Tr><Table.Th>Project</Table.Th><Table.Th>Holds</Table.Th><Table.Th>In the trash since</Table.Th><Table.Th /></Table.Tr></Table.Thead>
            <Table.Tbody>{rows.map((p) => <ProjectRow key={p.id} project={p} />)}</Table.Tbody>
          </Table>
          <LoadMore query={list} />
        </>
      )}
    </Loaded>
  );
}

function ProjectRow({ project: p }: { project: Project }) {
  const [asking, setAsking] = useState(false);
  const stale = () => [['project', 'list'], ['project', p.id], ['storage']];
  const restore = useAction({ run: () => api.restoreProject({ params: { project: p.id } }), failed: 'The project was not restored', done: `“${p.name}” is back.`, invalidates: stale });
  const erase = useAction<void, { job: string }>({
    run: () => api.eraseProject({ params: { project: p.id }, body: { confirmName: p.name } }), failed: 'The project was not erased', done: 'Erasing has begun; progress is at the top right.', invalidates: () => [...stale(), ['job', 'list', 'workspace']],
    onDone: () => setAsking(false),
  });
  return (
    <Table.Tr>
      <Table.Td>{p.name}</Table.Td>
      <Table.Td>{countOf(p.counts.items, 'image')}, {countOf(p.counts.annotations, 'annotation')}</Table.Td>
      <Table.Td>{p.deletedAt && <RelativeTime at={p.deletedAt} />}</Table.Td>
      <Table.Td>
        <Group gap="xs" justify="flex-end" wrap="nowrap">
          <ActionButton size="compact-xs" permission="project.manage" leftSection={<IconRestore size={14} aria-hidden />} loading={restore.isPending} onClick={() => restore.mutate()}>Restore</ActionButton>
          <ActionButton size="compact-xs" variant="subtle" color="red" permission="workspace.manage" leftSection={<IconTrashX size={14} aria-hidden />} onClick={() => setAsking(true)}>Erase for good</ActionButton>
        </Group>
        <ConfirmTyped opened={asking} onClose={() => setAsking(false)} title="Erase the project for good?" expected={p.name} confirm="Erase for good" busy={erase.isPending} onConfirm={() => erase.mutate()}>
          <Text size="sm">All images, labels, versions, models, exports and the whole log of “{p.name}” are erased. This cannot be undone.</Text>
        </ConfirmTyped>
      </Table.Td>
    </Table.Tr>
  );
}

function TrashedModels({ project }: { project: string }) {
  const list = useInfiniteQuery(q.models(project, true));
  const rows = rowsOf(list.data);
  return (
    <>
      <Text fw={600} mt="xl" mb="xs">Models</Text>
      <Loaded query={list} what="The models">
        {() => rows.length === 0 ? <Text size="sm" c="dimmed">No model of this project is in the trash.</Text> : (
          <Table>
            <Table.Tbody>{rows.map((m) => <ModelRow key={m.id} model={m} project={project} />)}</Table.Tbody>
          </Table>
        )}
      </Loaded>
      <LoadMore query={list} />
    </>
  );
}

function ModelRow({ model: m, project }: { model: Model; project: string }) {
  const [asking, setAsking] = useState(false);
  const stale = () => [['model', 'list', project], ['storage']];
  const restore = useAction({ run: () => api.restoreModel({ params: { id: m.id } }), failed: 'The model was not restored', done: 'Restored', invalidates: stale });
  const erase = useAction<void, { job: string }>({ run: () => api.eraseModel({ params: { id: m.id } }), failed: 'The model was not erased', invalidates: () => [...stale(), ['job', 'list', project]], onDone: () => setAsking(false) });
  const erasing = useJob(erase.data?.job).data;
  useEndings(useMemo(() => (erasing ? [erasing] : []), [erasing]));
  const best = headline(m);
  return (
    <Table.Tr>
      <Table.Td>Model {m.number} “{m.name}”</Table.Td>
      <Table.Td>{best ? `${best.title} ${best.value} on ${best.split}` : 'not measured'}, {formatBytes(m.bytes)}</Table.Td>
      <Table.Td>{m.deletedAt && <RelativeTime at={m.deletedAt} />}</Table.Td>
      <Table.Td>
        <Group gap="xs" justify="flex-end" wrap="nowrap">
          <ActionButton size="compact-xs" permission="train" leftSection={<IconRestore size={14} aria-hidden />} loading={restore.isPending} onClick={() => restore.mutate()}>Restore</ActionButton>
          <ActionButton size="compact-xs" variant="subtle" color="red" permission="workspace.manage" leftSection={<IconTrashX size={14} aria-hidden />} onClick={() => setAsking(true)}>Erase for good</ActionButton>
        </Group>
        <ConfirmTyped opened={asking} onClose={() => setAsking(false)} title="Erase the model for good?" expected={`model ${m.number}`} confirm="Erase for good" busy={erase.isPending} onConfirm={() => erase.mutate()}>
          <Text size="sm">The model's files and all its proposals are erased. Labels that people accepted from it stay. This cannot be undone.</Text>
        </ConfirmTyped>
      </Table.Td>
    </Table.Tr>
  );
}

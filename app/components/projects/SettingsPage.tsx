'use client';
import { useState } from 'react';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { useQuery } from '@tanstack/react-query';
import { Anchor, Group, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { modals } from '@mantine/modals';
import { IconTrash } from '@tabler/icons-react';
import { api } from '../../lib/api';
import { countOf, formatAbsolute } from '../../lib/format';
import { q, type Project } from '../../lib/queries';
import { useAction } from '../../lib/useAction';
import { useProjectId } from '../../lib/useProjectId';
import { ActionButton } from '../common/ActionButton';
import { CopyText } from '../common/CopyText';
import { notifyUndo } from '../common/notifyUndo';
import { PageHeader, Section } from '../common/PageHeader';
import { useMay } from '../common/session';
import { Loaded } from '../common/States';

export function SettingsPage() {
  const query = useQuery(q.project(useProjectId()));
  return (
    <>
      <PageHeader title="Settings" />
      <Loaded query={query} what="The project">{(project) => <Body key={project.id} project={project} />}</Loaded>
    </>
  );
}

function Body({ project }: { project: Project }) {
  const router = useRouter();
  const may = useMay('project.manage');
  const [name, setName] = useState(project.name);
  const [description, setDescription] = useState(project.description);
  const changed = name.trim() !== project.name || description !== project.description;
  const stale = () => [['project', project.id], ['project', 'list']];
  const save = useAction({ run: () => api.updateProject({ params: { project: project.id }, body: { name: name.trim(), description } }), failed: 'The project was not changed', done: 'Saved', invalidates: stale });
  const restore = useAction({ run: () => api.restoreProject({ params: { project: project.id } }), failed: 'The project was not restored', done: `“${project.name}” is back.`, invalidates: stale });
  const trash = useAction({
    run: () => api.trashProject({ params: { project: project.id } }), failed: 'The project was not moved to the trash', invalidates: stale,
    onDone: () => {
      notifyUndo(`“${project.name}” moved to the trash`, () => restore.mutate());
      router.push('/projects');
    },
  });
  return (
    <Stack maw={640} gap="lg">
      <Section title="Name">
        <form onSubmit={(e) => { e.preventDefault(); if (changed && name.trim()) save.mutate(); }}>
          <Stack gap="sm">
            <TextInput label="Name" required maxLength={120} value={name} onChange={(e) => setName(e.currentTarget.value)} disabled={!may.allowed} error={name.trim() ? null : 'A project needs a name'} />
            <Textarea label="Description" autosize minRows={3} maxLength={5000} value={description} onChange={(e) => setDescription(e.currentTarget.value)} disabled={!may.allowed} />
            <Group><ActionButton type="submit" variant="filled" permission="project.manage" blocked={(!changed && 'Nothing has changed.') || (!name.trim() && 'A project needs a name.')} loading={save.isPending}>Save</ActionButton></Group>
          </Stack>
        </form>
      </Section>
      <Section title="For programs" hint="The command line takes the name or this id.">
        <CopyText label="Project id" value={project.id} />
        <Text size="xs" c="dimmed" mt={6}>Created {formatAbsolute(project.createdAt)} · label schema version {project.schemaVersion} · {countOf(project.counts.items, 'image')}</Text>
      </Section>
      <Section title="Trash" hint="A project in the trash is out of the lists and loses nothing. It can be restored, and only from the trash can the owner erase it for good.">
        <ActionButton
          color="red" variant="outline" permission="project.manage" leftSection={<IconTrash size={15} aria-hidden />} loading={trash.isPending}
          onClick={() => modals.openConfirmModal({ title: 'Move the project to the trash?', children: <Text size="sm">“{project.name}” with {countOf(project.counts.items, 'image')} and {countOf(project.counts.annotations, 'annotation')} leaves the lists. You can restore it from the trash.</Text>, labels: { confirm: 'Move to trash', cancel: 'Cancel' }, confirmProps: { color: 'red', variant: 'filled' }, onConfirm: () => trash.mutate() })}
        >Move the project to the trash</ActionButton>
        <Text size="sm" mt="sm"><Anchor component={Link} href={`/trash?project=${project.id}`} size="sm">Images and models of this project that are in the trash</Anchor></Text>
      </Section>
    </Stack>
  );
}

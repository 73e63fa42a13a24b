'use client';
import { useCallback, useEffect, useState } from 'react';
import { useRouter } from 'next/navigation';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, Box, Button, Drawer, Group, Paper, Select, SimpleGrid, Stack, Text, Textarea } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconBook2, IconHistory, IconPencil } from '@tabler/icons-react';
import { api, isCode, notifyDone, notifyError } from '../../lib/api';
import { formatAbsolute } from '../../lib/format';
import { q, type Guide } from '../../lib/queries';
import { useAction } from '../../lib/useAction';
import { drafts, useUnsaved } from '../../lib/unsaved';
import { useProjectId } from '../../lib/useProjectId';
import { ActionButton } from '../common/ActionButton';
import { PageHeader, Section } from '../common/PageHeader';
import { RelativeTime } from '../common/RelativeTime';
import { EmptyState, Loaded } from '../common/States';
import { GuideExamples } from './GuideExamples';
import { GuideView } from './GuideView';

const TEMPLATE = `# What to label

Describe what is on the images and what the labels are for.

## Rules

- Draw boxes tight around what can be seen.
- Label everything that is at least half inside the image.

## Doubtful cases

| case | do |
|---|---|
| two objects overlap | label both |
| too blurred to tell | mark as *difficult* |
`;

export function GuidePage() {
  const project = useProjectId();
  const query = useQuery(q.guide(project));
  return <Loaded query={query} what="The guide">{(guide) => <Body key={project} project={project} guide={guide} />}</Loaded>;
}

interface Draft { base: number; markdown: string; examples: Guide['examples'] }
const draftOf = (g: Guide): Draft => ({ base: g.version, markdown: g.markdown, examples: g.examples });

function Body({ project, guide }: { project: string; guide: Guide }) {
  const router = useRouter();
  const client = useQueryClient();
  const [draft, setDraft] = useState<Draft | null>(() => drafts.read<Draft>(`guide.${project}`));
  const [history, { open, close }] = useDisclosure(false);
  const changed = !!draft && (draft.markdown !== guide.markdown || JSON.stringify(draft.examples) !== JSON.stringify(guide.examples));
  const key = `guide.${project}`;
  useEffect(() => {
    if (changed) drafts.keep(key, draft);
    else drafts.drop(key);
  }, [changed, draft, key]);
  const go = useCallback((href: string) => {
    drafts.drop(key);
    router.push(href);
  }, [router, key]);
  useUnsaved(changed, 'The guide', go);
  const save = useAction<Draft, Guide>({
    run: (body) => api.saveGuide({ params: { project }, body }), failed: null,
    invalidates: () => [['project', project]],
    onDone: (saved) => {
      client.setQueryData(q.guide(project).queryKey, saved);
      setDraft(null);
      notifyDone(`Version ${saved.version} of the guide is saved.`);
    },
    onFailed: (error) => {
      if (isCode(error, 'conflict') || isCode(error, 'precondition-failed')) void client.invalidateQueries({ queryKey: ['project', project, 'guide'] });
      notifyError('The guide was not saved', error);
    },
  });
  const overtaken = draft && guide.version > draft.base;
  const empty = guide.version === 0 || (!guide.markdown.trim() && guide.examples.length === 0);
  return (
    <>
      <PageHeader
        title="Guide"
        actions={<>
          {guide.version > 0 && <Button variant="subtle" color="gray" leftSection={<IconHistory size={15} aria-hidden />} onClick={open}>Version {guide.version}</Button>}
          {draft ? (
            <>
              <Button onClick={() => setDraft(null)}>{changed ? 'Discard changes' : 'Close the editor'}</Button>
              <ActionButton permission="project.manage" variant="filled" blocked={!changed && 'Nothing has changed.'} loading={save.isPending} onClick={() => save.mutate(draft)}>Save</ActionButton>
            </>
          ) : !empty && <ActionButton permission="project.manage" leftSection={<IconPencil size={15} aria-hidden />} onClick={() => setDraft(draftOf(guide))}>Edit</ActionButton>}
        </>}
      >
        What labellers read beside the canvas. {guide.createdAt && <>Version {guide.version}{guide.createdBy ? ` by ${guide.createdBy}` : ''}, <RelativeTime at={guide.createdAt} />.</>}
      </PageHeader>
      {overtaken && (
        <Alert color="yellow" mb="sm" title={`Version ${guide.version} was saved meanwhile${guide.createdBy ? ` by ${guide.createdBy}` : ''}`}>
          <Group justify="space-between"><Text size="sm">Look at it in the versions, carry over what you need, then save yours on top.</Text><Group gap="xs"><Button onClick={open}>See it</Button><Button onClick={() => setDraft({ ...draft, base: guide.version })}>Mine goes on top</Button></Group></Group>
        </Alert>
      )}
      {draft ? (
        <SimpleGrid cols={2} spacing="lg" mb="lg">
          <Textarea label="Markdown" autosize minRows={20} maxLength={200_000} value={draft.markdown} onChange={(e) => setDraft({ ...draft, markdown: e.currentTarget.value })} styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }} autoFocus />
          <Box miw={0}>
            <Text size="xs" fw={500} mb={4}>As it reads</Text>
            <Paper p="md" mih={420}>{draft.markdown.trim() ? <GuideView markdown={draft.markdown} /> : <Text size="sm" c="dimmed">Nothing written yet.</Text>}</Paper>
          </Box>
        </SimpleGrid>
      ) : empty ? (
        <EmptyState icon={<IconBook2 size={44} stroke={1.2} />} title="No guide yet" actions={<ActionButton permission="project.manage" variant="filled" onClick={() => setDraft({ base: guide.version, markdown: TEMPLATE, examples: guide.examples })}>Write the guide</ActionButton>}>
          Two people label alike when they have read the same rules. Say what to label, what not, and show an example of each class.
        </EmptyState>
      ) : (
        <Box maw={760} mb="lg">{guide.markdown.trim() ? <GuideView markdown={guide.markdown} /> : <Text size="sm" c="dimmed">No text yet.</Text>}</Box>
      )}
      {(draft || guide.examples.length > 0) && (
        <Section title="Examples" hint={draft ? 'A picture or more for each class; a crop that shows the object large serves best.' : undefined}>
          <GuideExamples project={project} examples={draft?.examples ?? guide.examples} onChange={draft ? (change) => setDraft((d) => d && { ...d, examples: change(d.examples) }) : undefined} />
        </Section>
      )}
      <Drawer opened={history} onClose={close} position="right" size="lg" title="Versions of the guide"><History project={project} newest={guide.version} /></Drawer>
    </>
  );
}

function History({ project, newest }: { project: string; newest: number }) {
  const [version, setVersion] = useState(newest);
  const query = useQuery(q.guide(project, version));
  return (
    <Stack>
      <Select label="Version" searchable value={String(version)} onChange={(v) => v && setVersion(Number(v))} data={Array.from({ length: newest }, (_, i) => String(newest - i))} />
      <Loaded query={query} what="This version">
        {(g) => <><Text size="xs" c="dimmed">{g.createdAt && `Saved ${formatAbsolute(g.createdAt)}`}{g.createdBy ? ` by ${g.createdBy}` : ''}</Text><GuideView markdown={g.markdown} /><GuideExamples project={project} examples={g.examples} /></>}
      </Loaded>
    </Stack>
  );
}

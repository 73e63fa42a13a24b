'use client';
import { useState } from 'react';
import Link from 'next/link';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Accordion, Alert, Anchor, Button, Group, Modal, Progress, SimpleGrid, Stack, Table, Text, Textarea, TextInput, Tooltip } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconCpu, IconDownload, IconFileExport, IconSnowflake } from '@tabler/icons-react';
import { addressOf } from '@/lib/api/client';
import { api } from '../../lib/api';
import { countOf, formatCount } from '../../lib/format';
import { q, rowsOf, type Project, type Version } from '../../lib/queries';
import { useAction } from '../../lib/useAction';
import { useProjectId } from '../../lib/useProjectId';
import { ActionButton } from '../common/ActionButton';
import { ClassName, StateBadge } from '../common/badges';
import { CopyText } from '../common/CopyText';
import { JobStrip } from '../common/JobView';
import { LoadMore } from '../common/LoadMore';
import { PageHeader } from '../common/PageHeader';
import { RelativeTime } from '../common/RelativeTime';
import { useMay } from '../common/session';
import { EmptyState, Loaded } from '../common/States';

export function VersionsPage() {
  const id = useProjectId();
  const project = useQuery(q.project(id)).data;
  const list = useInfiniteQuery(q.versions(id));
  const rows = rowsOf(list.data);
  const [freezing, { open, close }] = useDisclosure(false);
  const none = project?.counts.done === 0 && 'No image is done yet. A version holds the done images.';
  const freeze = <ActionButton permission="train" variant="filled" leftSection={<IconSnowflake size={15} aria-hidden />} blocked={none} onClick={open}>Freeze a version</ActionButton>;
  return (
    <>
      <PageHeader title="Versions" actions={rows.length > 0 && freeze}>
        A version is the done images with their labels, splits and schema, frozen. Its name is the SHA-256 of its manifest: the same data always gives the same name. Models are trained on versions, and exports are made from them.
      </PageHeader>
      <Loaded query={list} what="The versions">
        {() => rows.length === 0 ? (
          <EmptyState icon={<IconSnowflake size={44} stroke={1.2} />} title="No version yet" actions={freeze}>
            {none ? <>Label some images and mark them done, on the <Anchor component={Link} href={`/projects/${id}`} size="sm">images page</Anchor>.</> : `${countOf(project?.counts.done ?? 0, 'image')} are done and can be frozen.`}
          </EmptyState>
        ) : (
          <>
            <Accordion variant="separated" multiple defaultValue={rows[0] ? [rows[0].id] : []}>{rows.map((v) => <VersionItem key={v.id} version={v} project={id} />)}</Accordion>
            <LoadMore query={list} />
          </>
        )}
      </Loaded>
      <Modal opened={freezing} onClose={close} title="Freeze a version">{project && <FreezeForm project={project} onClose={close} />}</Modal>
    </>
  );
}

export function SplitBar({ splits }: { splits: Version['splits'] }) {
  const total = splits.train + splits.val + splits.test || 1;
  const parts = [['Train', splits.train, 'field.6'], ['Validation', splits.val, 'blue.5'], ['Test', splits.test, 'grape.5']] as const;
  return (
    <div>
      <Progress.Root size={8} role="img" aria-label={parts.map(([n, c]) => `${n} ${c}`).join(', ')}>
        {parts.map(([name, count, color]) => <Progress.Section key={name} value={(count / total) * 100} color={color} />)}
      </Progress.Root>
      <Group gap="md" mt={4}>{parts.map(([name, count]) => <Text key={name} size="xs" c="dimmed" className="fm-tabular">{name} <b>{formatCount(count)}</b></Text>)}</Group>
    </div>
  );
}

function VersionItem({ version: v, project }: { version: Version; project: string }) {
  const may = useMay('data.export');
  const ready = v.state === 'ready';
  return (
    <Accordion.Item value={v.id}>
      <Accordion.Control>
        <Group gap="sm" wrap="nowrap" pr="md">
          <Text fw={600} style={{ whiteSpace: 'nowrap' }}>Version {v.number}</Text>
          <Text size="sm" truncate flex={1}>{v.name}</Text>
          {v.manifest && <Tooltip label="The first characters of the manifest's SHA-256"><Text span className="fm-mono" c="dimmed">{v.manifest.slice(0, 12)}</Text></Tooltip>}
          <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>{countOf(v.items, 'image')}, {countOf(v.annotations, 'annotation')}</Text>
          <StateBadge state={v.state} />
        </Group>
      </Accordion.Control>
      <Accordion.Panel>
        {!ready && <JobStrip id={v.job} />}
        <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xl">
          <Stack gap="sm">
            <Text size="xs" c="dimmed">Frozen <RelativeTime at={v.createdAt} />{v.by ? ` by ${v.by}` : ''}.</Text>
            {v.notes && <Text size="sm" style={{ whiteSpace: 'pre-wrap' }}>{v.notes}</Text>}
            {ready && <SplitBar splits={v.splits} />}
            {ready && (v.splits.val === 0 || v.splits.test === 0) && <Alert color="yellow" p="xs"><Text size="xs">The {v.splits.val === 0 ? 'validation' : 'test'} split is empty, so a model trained on this version cannot be measured on images it has not seen. Images get their split when they are first done: mark more as done.</Text></Alert>}
            {v.manifest && <CopyText label="SHA-256 of the manifest" value={v.manifest} />}
            {ready && (
              <Group gap="xs">
                <Button component={Link} href={`/projects/${project}/train?version=${v.id}`} leftSection={<IconCpu size={15} aria-hidden />}>Train on it</Button>
                <Button component={Link} href={`/projects/${project}/exports?version=${v.id}`} leftSection={<IconFileExport size={15} aria-hidden />}>Export it</Button>
                {may.allowed && <Button component="a" href={addressOf('manifest', { params: { id: v.id } })} download={`version-${v.number}.jsonl`} variant="subtle" leftSection={<IconDownload size={15} aria-hidden />}>Manifest</Button>}
              </Group>
            )}
          </Stack>
          {v.classes.length > 0 && (
            <Table>
              <Table.Thead><Table.Tr><Table.Th className="fm-num" w={60}>Index</Table.Th><Table.Th>Class</Table.Th><Table.Th>Kind</Table.Th><Table.Th className="fm-num">Annotations</Table.Th></Table.Tr></Table.Thead>
              <Table.Tbody>{v.classes.map((c) => <Table.Tr key={c.id}><Table.Td className="fm-num">{c.index}</Table.Td><Table.Td><ClassName name={c.name} color={c.color} /></Table.Td><Table.Td>{c.kind}</Table.Td><Table.Td className="fm-num">{formatCount(c.annotations)}</Table.Td></Table.Tr>)}</Table.Tbody>
            </Table>
          )}
        </SimpleGrid>
      </Accordion.Panel>
    </Accordion.Item>
  );
}

function FreezeForm({ project, onClose }: { project: Project; onClose: () => void }) {
  const [name, setName] = useState('');
  const [notes, setNotes] = useState('');
  const freeze = useAction<{ name: string; notes: string }, Version>({
    run: (body, idempotencyKey) => api.createVersion({ params: { project: project.id }, body }, { idempotencyKey }), failed: 'The version was not frozen',
    invalidates: () => [['version', 'list', project.id], ['job', 'list', project.id]], onDone: onClose,
  });
  const { done, open, work } = project.counts;
  return (
    <form onSubmit={(e) => { e.preventDefault(); freeze.mutate({ name: name.trim(), notes }); }}>
      <Stack gap="sm">
        <Text size="sm">{countOf(done, 'done image')} go in, as they are now; {formatCount(open + work)} that are open or in work stay out. Done images without annotations go in as negative examples.</Text>
        <TextInput label="Name" description="Optional; the number and the hash name it in any case" maxLength={100} value={name} onChange={(e) => setName(e.currentTarget.value)} data-autofocus />
        <Textarea label="Notes" autosize minRows={2} maxLength={5000} value={notes} onChange={(e) => setNotes(e.currentTarget.value)} placeholder="What changed since the version before" />
        <Group justify="flex-end" gap="xs"><Button onClick={onClose}>Cancel</Button><Button type="submit" variant="filled" loading={freeze.isPending}>Freeze</Button></Group>
      </Stack>
    </form>
  );
}

'use client';
import { Suspense, useState } from 'react';
import Link from 'next/link';
import { useSearchParams } from 'next/navigation';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Alert, Badge, Button, Group, List, Paper, Radio, Select, SimpleGrid, Stack, Switch, Table, Text, Tooltip } from '@mantine/core';
import { IconCircleCheck, IconDownload, IconFileExport, IconSnowflake } from '@tabler/icons-react';
import { addressOf } from '@/lib/api/client';
import { api } from '../../lib/api';
import { countOf, formatBytes, formatCount } from '../../lib/format';
import { usePollMs } from '../../lib/jobs';
import { q, rowsOf, type ExportRow, type Format, type Version } from '../../lib/queries';
import { useAction } from '../../lib/useAction';
import { useProjectId } from '../../lib/useProjectId';
import { ActionButton } from '../common/ActionButton';
import { StateBadge } from '../common/badges';
import { JobStrip } from '../common/JobView';
import { LoadMore } from '../common/LoadMore';
import { PageHeader, Section } from '../common/PageHeader';
import { RelativeTime } from '../common/RelativeTime';
import { useMay } from '../common/session';
import { EmptyState, ErrorState, Loaded, RowsSkeleton } from '../common/States';

export function ExportsPage() {
  return <Suspense fallback={<RowsSkeleton />}><Page /></Suspense>;
}

function Page() {
  const project = useProjectId();
  const search = useSearchParams();
  const versions = useInfiniteQuery(q.versions(project));
  const formats = useQuery(q.formats());
  const ready = rowsOf(versions.data).filter((v) => v.state === 'ready');
  return (
    <>
      <PageHeader title="Exports">A frozen version in the format that your trainer reads. The same version and format give the same bytes, every time.</PageHeader>
      <Loaded query={versions} what="The versions">
        {() => ready.length === 0 ? (
          <EmptyState icon={<IconFileExport size={44} stroke={1.2} />} title="No version to export yet" actions={<Button component={Link} href={`/projects/${project}/versions`} variant="filled" leftSection={<IconSnowflake size={15} aria-hidden />}>To the versions</Button>}>
            Exports are made of frozen versions, so that what was exported can be found again. Freeze one first.
          </EmptyState>
        ) : (
          <Loaded query={formats} what="The formats">{(f) => <Form project={project} versions={ready} formats={f.formats.filter((x) => x.writes)} first={search.get('version')} />}</Loaded>
        )}
      </Loaded>
      <Exports project={project} formats={formats.data?.formats ?? []} />
    </>
  );
}

function Form({ project, versions, formats, first }: { project: string; versions: Version[]; formats: Format[]; first: string | null }) {
  // Until somebody chooses, it is the newest: also one that becomes ready while the page is open.
  const [chosen, setVersion] = useState(first);
  const version = versions.find((v) => v.id === chosen)?.id ?? versions[0]!.id;
  const [format, setFormat] = useState((formats.find((f) => f.id === 'coco') ?? formats[0])?.id ?? '');
  const [images, setImages] = useState(false);
  const name = useQuery(q.project(project)).data?.name ?? 'NAME';
  const losses = useQuery({ ...q.losses(version, format), enabled: !!format });
  const create = useAction<{ version: string; format: string; images: boolean }, ExportRow>({
    run: ({ version: id, ...body }, idempotencyKey) => api.createExport({ params: { id }, body }, { idempotencyKey }), failed: 'The export did not start',
    invalidates: () => [['export', 'list', project], ['job', 'list', project]],
  });
  return (
    <Paper p="md" mb="lg">
      <form onSubmit={(e) => { e.preventDefault(); create.mutate({ version, format, images }); }}>
        <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xl">
          <Stack gap="md">
            <Select label="Version" value={version} onChange={(v) => v && setVersion(v)} data={versions.map((v) => ({ value: v.id, label: `Version ${v.number}${v.name ? ` “${v.name}”` : ''}: ${countOf(v.items, 'image')}, ${countOf(v.annotations, 'annotation')}` }))} />
            <Radio.Group label="Format" value={format} onChange={setFormat}>
              <Stack gap="xs" mt={6}>
                {formats.map((f) => (
                  <Radio key={f.id} value={f.id} label={<Group gap={6}>{f.name}{f.kinds.map((k) => <Badge key={k} size="xs" color="gray">{k}</Badge>)}</Group>} description={f.notes} />
                ))}
              </Stack>
            </Radio.Group>
            <Switch label="With the images" description="Without them, the files name the images by their paths" checked={images} onChange={(e) => setImages(e.currentTarget.checked)} />
          </Stack>
          <Stack gap="xs">
            <Text size="xs" fw={500}>What this format cannot hold</Text>
            {losses.isPending ? <RowsSkeleton rows={2} /> : losses.error ? <ErrorState error={losses.error} what="What would be lost" onRetry={() => void losses.refetch()} /> : losses.data.losses.length === 0 ? (
              <Alert color="teal" p="xs" icon={<IconCircleCheck size={18} aria-hidden />}><Text size="sm">Nothing is lost: the format holds all of this version.</Text></Alert>
            ) : (
              <Alert color="yellow" p="xs"><List size="sm" spacing={4}>{losses.data.losses.map((l) => <List.Item key={l.code}>{l.message}{l.count > 0 && <Text span size="xs"> ({formatCount(l.count)})</Text>}</List.Item>)}</List></Alert>
            )}
            <Group><ActionButton type="submit" permission="data.export" variant="filled" leftSection={<IconFileExport size={15} aria-hidden />} loading={create.isPending} blocked={!format && 'Choose a format.'}>Export</ActionButton></Group>
            <Text size="xs" c="dimmed">On the command line: <span className="fm-mono">npx fieldmark export --project {/^[\w.-]+$/.test(name) ? name : JSON.stringify(name)} --format {format || 'coco'} --out DIR</span></Text>
          </Stack>
        </SimpleGrid>
      </form>
    </Paper>
  );
}

function Exports({ project, formats }: { project: string; formats: Format[] }) {
  const may = useMay('data.export');
  const poll = usePollMs();
  const list = useInfiniteQuery({ ...q.exports(project), refetchInterval: (x) => (rowsOf(x.state.data).some((r) => r.state === 'building') ? poll : false) });
  const rows = rowsOf(list.data);
  if (list.isSuccess && rows.length === 0) return null;
  return (
    <Section title="Exports so far">
      <Loaded query={list} what="The exports">
        {() => (
          <>
            {rows.filter((r) => r.state !== 'ready').map((r) => <JobStrip key={r.id} id={r.job} />)}
            <Table>
              <Table.Thead><Table.Tr><Table.Th w={100}>State</Table.Th><Table.Th>Version</Table.Th><Table.Th>Format</Table.Th><Table.Th>Images</Table.Th><Table.Th>Left out</Table.Th><Table.Th className="fm-num">Size</Table.Th><Table.Th>SHA-256</Table.Th><Table.Th>When</Table.Th><Table.Th /></Table.Tr></Table.Thead>
              <Table.Tbody>
                {rows.map((r) => (
                  <Table.Tr key={r.id}>
                    <Table.Td><StateBadge state={r.state} /></Table.Td>
                    <Table.Td>Version {r.versionNumber}</Table.Td>
                    <Table.Td>{formats.find((f) => f.id === r.format)?.name ?? r.format}</Table.Td>
                    <Table.Td>{r.images ? 'with' : 'without'}</Table.Td>
                    <Table.Td>{r.losses.length ? <Tooltip label={r.losses.map((l) => l.message).join(' ')}><Text span size="xs" tabIndex={0} td="underline dotted">{countOf(r.losses.length, 'kind')} of data</Text></Tooltip> : r.state === 'ready' ? 'nothing' : ''}</Table.Td>
                    <Table.Td className="fm-num">{r.bytes === null ? '' : formatBytes(r.bytes)}</Table.Td>
                    <Table.Td>{r.sha256 && <span className="fm-mono" title={r.sha256}>{r.sha256.slice(0, 12)}…</span>}</Table.Td>
                    <Table.Td><RelativeTime at={r.createdAt} />{r.by ? <Text span size="xs" c="dimmed"> by {r.by}</Text> : null}</Table.Td>
                    <Table.Td ta="right">{r.state === 'ready' && may.allowed && <Button component="a" href={addressOf('downloadExport', { params: { id: r.id } })} download size="compact-xs" leftSection={<IconDownload size={14} aria-hidden />}>Download</Button>}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
            <LoadMore query={list} />
          </>
        )}
      </Loaded>
    </Section>
  );
}

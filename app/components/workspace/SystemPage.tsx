'use client';
import Link from 'next/link';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Alert, Anchor, Badge, Group, Progress, SimpleGrid, Table, Text } from '@mantine/core';
import { IconCircleCheckFilled, IconCircleX } from '@tabler/icons-react';
import { formatBytes, formatCount } from '../../lib/format';
import { q, rowsOf, type Health } from '../../lib/queries';
import { Figure, Figures } from '../rounds/Figures';
import { JobList } from '../common/JobList';
import { LoadMore } from '../common/LoadMore';
import { PageHeader, Section } from '../common/PageHeader';
import { RelativeTime } from '../common/RelativeTime';
import { Loaded } from '../common/States';

/** What each part of the installation is doing, and what it holds. */
export function SystemPage() {
  const health = useQuery(q.health());
  const storage = useQuery(q.storage());
  return (
    <>
      <PageHeader title="System">What each part of the installation is doing. Programs read the same at <Anchor href="/api/v1/health" size="sm">/api/v1/health</Anchor>.</PageHeader>
      {health.data && health.isError && <Alert color="yellow" p="xs" mb="md">The server does not answer just now; this is what it said last.</Alert>}
      <Loaded query={health} what="The state of the system">{(h) => <HealthView health={h} />}</Loaded>
      <Section title="Disk use">
        <Loaded query={storage} what="The disk use">
          {(s) => {
            const used = s.objectBytes + s.databaseBytes;
            return (
              <>
                <Figures>
                  <Figure label={s.kind === 'disk' ? 'Objects, on this disk' : 'Objects, in the S3 store'} value={formatBytes(s.objectBytes)} hint={s.counted ? <>{formatCount(s.counted.objects)} objects of {formatBytes(s.counted.bytes)} when counted <RelativeTime at={s.counted.at} /></> : 'Images, models, exports and uploads'} />
                  <Figure label="Database" value={formatBytes(s.databaseBytes)} />
                  <Figure label="Held by the trash" value={formatBytes(s.trashBytes)} />
                  {s.freeBytes !== null && <Figure label="Free on the disk" value={formatBytes(s.freeBytes)} />}
                </Figures>
                {s.freeBytes !== null && s.freeBytes < 2e9 && <Alert color="yellow" p="xs" mt="sm">Little space is left. Empty the <Anchor component={Link} href="/trash" size="sm">trash</Anchor>, or move the data folder to a larger disk.</Alert>}
                {s.freeBytes !== null && <Progress mt="sm" maw={500} value={(used / (used + s.freeBytes)) * 100} aria-label="Used of what is available" />}
                {s.projects.length > 0 && (
                  <Table mt="md" maw={640}>
                    <Table.Thead><Table.Tr><Table.Th>Project</Table.Th><Table.Th className="fm-num">Holds</Table.Th><Table.Th w={160} /></Table.Tr></Table.Thead>
                    <Table.Tbody>
                      {[...s.projects].sort((a, b) => b.bytes - a.bytes).map((p) => <Table.Tr key={p.id}><Table.Td><Anchor component={Link} href={`/projects/${p.id}`} size="xs">{p.name}</Anchor></Table.Td><Table.Td className="fm-num">{formatBytes(p.bytes)}</Table.Td><Table.Td><Progress size="sm" value={s.objectBytes ? (p.bytes / s.objectBytes) * 100 : 0} aria-label={`Share of ${p.name}`} /></Table.Td></Table.Tr>)}
                    </Table.Tbody>
                  </Table>
                )}
              </>
            );
          }}
        </Loaded>
      </Section>
      <WorkspaceJobs />
    </>
  );
}

/** What no project lists: drawing the demo, erasing projects. */
function WorkspaceJobs() {
  const list = useInfiniteQuery(q.workspaceJobs());
  const rows = rowsOf(list.data);
  return (
    <Section title="Jobs of no project" hint="Drawing the demo, erasing projects. The jobs of a project stand on its own page.">
      <Loaded query={list} what="The jobs">
        {() => rows.length === 0 ? <Text size="sm" c="dimmed">None yet.</Text> : <><JobList jobs={rows} /><LoadMore query={list} /></>}
      </Loaded>
    </Section>
  );
}

function Ok({ ok }: { ok: boolean }) {
  return ok ? <Badge color="teal" leftSection={<IconCircleCheckFilled size={13} aria-hidden />}>Works</Badge> : <Badge color="red" leftSection={<IconCircleX size={13} aria-hidden />}>Trouble</Badge>;
}

const partNames = { web: 'Pages and interface', database: 'Database', storage: 'Object storage', events: 'Live updates' } as const;

function HealthView({ health: h }: { health: Health }) {
  const parts = (Object.keys(partNames) as (keyof typeof partNames)[]).map((key) => ({ key, ...h.parts[key] }));
  return (
    <>
      <Group gap="sm" mb="md"><Ok ok={h.ok} /><Text size="sm">Fieldmark {h.version}, database schema {h.schema}, started <RelativeTime at={h.startedAt} /></Text></Group>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xl" mb="lg">
        <Section title="Parts">
          <Table>
            <Table.Tbody>
              {parts.map((p) => <Table.Tr key={p.key}><Table.Td w={150}>{partNames[p.key]}</Table.Td><Table.Td w={100}><Ok ok={p.ok} /></Table.Td><Table.Td>{p.detail}{p.latencyMs !== undefined && <Text span size="xs" c="dimmed"> · {p.latencyMs.toFixed(0)} ms</Text>}</Table.Td></Table.Tr>)}
            </Table.Tbody>
          </Table>
        </Section>
        <Section title="Queues" hint="Short work, batches and training wait apart, so that a long training never holds up an export.">
          <Table>
            <Table.Thead><Table.Tr><Table.Th>Queue</Table.Th><Table.Th className="fm-num">Waiting</Table.Th><Table.Th className="fm-num">Running</Table.Th></Table.Tr></Table.Thead>
            <Table.Tbody>{h.parts.queues.map((x) => <Table.Tr key={x.name}><Table.Td>{x.name}</Table.Td><Table.Td className="fm-num">{x.waiting}</Table.Td><Table.Td className="fm-num">{x.running}</Table.Td></Table.Tr>)}</Table.Tbody>
          </Table>
        </Section>
      </SimpleGrid>
      <Section title="Workers">
        {h.parts.workers.length === 0 ? <Alert color="yellow" p="xs">No worker is running: imports, training and exports wait. Start one with <span className="fm-mono">npm start</span>, on this or another machine.</Alert> : (
          <Table>
            <Table.Thead><Table.Tr><Table.Th w={100}>State</Table.Th><Table.Th>Machine</Table.Th><Table.Th>Running</Table.Th><Table.Th>Last sign of life</Table.Th></Table.Tr></Table.Thead>
            <Table.Tbody>{h.parts.workers.map((w) => <Table.Tr key={w.id}><Table.Td><Ok ok={w.ok} /></Table.Td><Table.Td>{w.host} <Text span size="xs" c="dimmed" className="fm-mono">{w.id.slice(-8)}</Text></Table.Td><Table.Td>{w.running.length ? w.running.map((r) => r.kind).join(', ') : <Text span size="xs" c="dimmed">idle</Text>}</Table.Td><Table.Td><RelativeTime at={w.seenAt} /></Table.Td></Table.Tr>)}</Table.Tbody>
          </Table>
        )}
      </Section>
    </>
  );
}

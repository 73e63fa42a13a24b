'use client';
import { useState } from 'react';
import Link from 'next/link';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Badge, Group, Skeleton, Text, TextInput } from '@mantine/core';
import { useDebouncedValue, useDisclosure } from '@mantine/hooks';
import { IconFolders, IconPlus, IconSearch, IconSparkles } from '@tabler/icons-react';
import { api } from '../../lib/api';
import { assetUrl } from '../../lib/assets';
import { countOf } from '../../lib/format';
import { isActive } from '../../lib/jobs';
import { q, rowsOf, type Project } from '../../lib/queries';
import { useAction } from '../../lib/useAction';
import { ActionButton } from '../common/ActionButton';
import { JobStrip } from '../common/JobView';
import { LoadMore } from '../common/LoadMore';
import { PageHeader } from '../common/PageHeader';
import { ProgressOfItems } from '../common/ProgressOfItems';
import { RelativeTime } from '../common/RelativeTime';
import { EmptyState, Loaded } from '../common/States';
import { CreateProject } from './CreateProject';
import classes from './ProjectsPage.module.css';

export function ProjectsPage() {
  const [search, setSearch] = useState('');
  const [asked] = useDebouncedValue(search.trim(), 250);
  const query = useInfiniteQuery(q.projects({ q: asked }));
  const [creating, { open, close }] = useDisclosure(false);
  const demo = useAction<void, { job: string }>({
    run: (_, idempotencyKey) => api.createDemo({}, { idempotencyKey }), failed: 'The demo project was not added',
    invalidates: () => [['job', 'list', 'workspace']],
  });
  // Whoever asked for it, and also when the start did.
  const drawing = rowsOf(useInfiniteQuery(q.workspaceJobs()).data).find((j) => j.kind === 'demo' && isActive(j));
  const rows = rowsOf(query.data);
  const hasDemo = rows.some((p) => p.demo);
  const addDemo = (
    <ActionButton permission="project.manage" leftSection={<IconSparkles size={15} aria-hidden />} loading={demo.isPending || !!drawing} onClick={() => demo.mutate()}>Add the demo project</ActionButton>
  );
  const create = (
    <ActionButton permission="project.manage" variant="filled" leftSection={<IconPlus size={15} aria-hidden />} onClick={open}>Create a project</ActionButton>
  );
  return (
    <>
      <PageHeader title="Projects" actions={rows.length > 0 && <>{!hasDemo && addDemo}{create}</>}>
        A project has its own images, label schema and models.
      </PageHeader>
      {(rows.length > 8 || search) && (
        <TextInput mb="md" maw={320} placeholder="Find a project" aria-label="Find a project by name" leftSection={<IconSearch size={15} aria-hidden />} value={search} onChange={(e) => setSearch(e.currentTarget.value)} />
      )}
      <JobStrip id={drawing?.id ?? demo.data?.job} />
      <Loaded query={query} what="The projects" skeleton={<div className={classes.grid}>{[0, 1, 2, 3].map((i) => <Skeleton key={i} h={238} radius={6} />)}</div>}>
        {() => rows.length === 0 ? (
          asked ? (
            <EmptyState icon={<IconSearch size={40} stroke={1.3} />} title={`No project is called “${asked}”`}>Try another part of the name.</EmptyState>
          ) : (
            <EmptyState icon={<IconFolders size={44} stroke={1.2} />} title="No projects yet" actions={<>{create}{addDemo}</>}>
              Create a project and import your own images, or add the demo: micrographs that Fieldmark draws itself, partly labelled, so that you can train and see proposals within minutes.
            </EmptyState>
          )
        ) : (
          <>
            <div className={classes.grid}>{rows.map((p) => <Card key={p.id} project={p} />)}</div>
            <LoadMore query={query} />
          </>
        )}
      </Loaded>
      <CreateProject opened={creating} onClose={close} />
    </>
  );
}

function Card({ project }: { project: Project }) {
  const cover = project.cover.slice(0, 3);
  return (
    <Link href={`/projects/${project.id}`} className={classes.card}>
      {cover.length > 0 ? (
        <div className={classes.cover} data-count={cover.length}>
          {cover.map((c) => <img key={c.item} src={assetUrl(project.id, c.hash, 'thumb')} alt="" loading="lazy" decoding="async" />)}
        </div>
      ) : (
        <div className={classes.blank}>No images yet</div>
      )}
      <div className={classes.body}>
        <Group gap={6} wrap="nowrap" justify="space-between">
          <Text fw={600} truncate title={project.name}>{project.name}</Text>
          {project.demo && <Badge size="sm">Demo</Badge>}
        </Group>
        <ProgressOfItems counts={project.counts} />
        <Text size="xs" c="dimmed">{countOf(project.counts.items, 'image')} · {countOf(project.counts.annotations, 'annotation')} · changed <RelativeTime at={project.updatedAt} /></Text>
      </div>
    </Link>
  );
}

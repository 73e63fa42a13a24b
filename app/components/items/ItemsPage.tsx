'use client';
import { Suspense, useCallback, useEffect, useRef, useState } from 'react';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { ActionIcon, Button, Center, Loader, SimpleGrid, Skeleton, Text, Tooltip } from '@mantine/core';
import { IconFilterOff, IconPhoto, IconPlayerPlay, IconTags, IconTrash, IconUpload } from '@tabler/icons-react';
import { api, notifyDone } from '../../lib/api';
import { itemHref } from '../../lib/assets';
import { countOf } from '../../lib/format';
import { q, rowsOf, type Project } from '../../lib/queries';
import { useAction } from '../../lib/useAction';
import { useProjectId } from '../../lib/useProjectId';
import { ActionButton } from '../common/ActionButton';
import { PageHeader } from '../common/PageHeader';
import { EmptyState, ErrorState, Loaded, RowsSkeleton } from '../common/States';
import { FilterBar } from './FilterBar';
import { ItemGrid } from './ItemGrid';
import { SelectionBar } from './SelectionBar';
import { useItemFilter } from './useItemFilter';
import classes from './ItemGrid.module.css';

export function ItemsPage() {
  const project = useQuery(q.project(useProjectId()));
  return <Loaded query={project} what="The project" skeleton={<Tiles />}>{(p) => <Suspense fallback={<Tiles />}><Body project={p} /></Suspense>}</Loaded>;
}

function Tiles() {
  return <SimpleGrid cols={5} spacing={10} mt={60}>{Array.from({ length: 15 }, (_, i) => <Skeleton key={i} h={188} />)}</SimpleGrid>;
}

function Body({ project }: { project: Project }) {
  const filter = useItemFilter();
  const schema = useQuery(q.schema(project.id));
  const list = useInfiniteQuery(q.items(project.id, filter.filter));
  const items = rowsOf(list.data);
  const selection = useSelection(items.map((i) => i.id));
  const { hasNextPage, isFetchingNextPage, fetchNextPage, isFetchNextPageError } = list;
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage && !isFetchNextPageError) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage]);
  const noClasses = schema.data?.schema.classes.length === 0;

  return (
    <>
      <PageHeader title={project.name} actions={project.counts.items > 0 && <><Tooltip label="Trash of this project"><ActionIcon component={Link} href={`/trash?project=${project.id}`} size={30} aria-label="Trash of this project"><IconTrash size={17} aria-hidden /></ActionIcon></Tooltip><Button component={Link} href={`/projects/${project.id}/import`} leftSection={<IconUpload size={15} aria-hidden />}>Import</Button><StartLabelling project={project} /></>}>
        {project.description ? <Text size="sm" lineClamp={2}>{project.description}</Text> : project.counts.items > 0 ? `${countOf(project.counts.items, 'image')}, ${countOf(project.counts.annotations, 'annotation')}` : null}
      </PageHeader>
      {project.counts.items === 0 && !filter.active && items.length === 0 && !list.isPending ? (
        <EmptyState
          icon={<IconPhoto size={44} stroke={1.2} />} title="No images yet"
          actions={<>
            <Button component={Link} href={`/projects/${project.id}/import`} variant="filled" leftSection={<IconUpload size={15} aria-hidden />}>Import images</Button>
            {noClasses && <Button component={Link} href={`/projects/${project.id}/schema`} leftSection={<IconTags size={15} aria-hidden />}>Name the classes</Button>}
          </>}
        >
          Drag a folder or a zip into the import page. Pascal VOC annotations beside the images come in with them. {noClasses && 'This project has no classes yet: name them first, or let the import add those that the annotations name.'}
        </EmptyState>
      ) : (
        <>
          <div className={classes.bar}>
            {selection.chosen.size > 0 ? <SelectionBar project={project.id} chosen={selection.chosen} loaded={items.length} onAll={selection.all} onClear={selection.clear} /> : <FilterBar project={project} schema={schema.data} filter={filter} />}
          </div>
          <Loaded query={list} what="The images" skeleton={<RowsSkeleton rows={3} height={188} />}>
            {() => items.length === 0 ? (
              <EmptyState icon={<IconFilterOff size={40} stroke={1.3} />} title="No image matches" actions={<Button onClick={filter.clear}>Clear the filter</Button>}>No image of this project passes the filter above.</EmptyState>
            ) : (
              <>
                <ItemGrid project={project.id} items={items} selected={selection.chosen} onToggle={selection.toggle} filter={{ ...filter.text }} onEnd={onEnd} />
                {isFetchingNextPage && <Center py="sm"><Loader size="xs" aria-label="Loading more images" /></Center>}
                {isFetchNextPageError && <ErrorState error={list.error} what="More images" onRetry={() => void fetchNextPage()} />}
              </>
            )}
          </Loaded>
        </>
      )}
    </>
  );
}

/** Goes to the first open image; to one in work when none is open. */
function StartLabelling({ project }: { project: Project }) {
  const router = useRouter();
  const start = useAction({
    run: async () => {
      for (const status of ['work', 'open'] as const) {
        if (!project.counts[status]) continue;
        const page = await api.items({ params: { project: project.id }, query: { status, limit: 1 } });
        const first = page.items[0];
        if (first) return itemHref(project.id, first.id, {});
      }
      return null;
    },
    failed: 'The next image was not found',
    onDone: (href) => (href ? router.push(href) : notifyDone('Every image of this project is done.')),
  });
  const left = project.counts.open + project.counts.work;
  return <ActionButton permission="label" variant="filled" leftSection={<IconPlayerPlay size={15} aria-hidden />} blocked={left === 0 && 'Every image is done. Import more, or reopen one.'} loading={start.isPending} onClick={() => start.mutate()}>{project.counts.work > 0 ? 'Go on labelling' : 'Start labelling'}</ActionButton>;
}

function useSelection(ids: string[]) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const last = useRef<string | null>(null);
  const order = useRef(ids);
  useEffect(() => {
    order.current = ids;
  });
  const clear = useCallback(() => setChosen(new Set()), []);
  const all = useCallback(() => setChosen(new Set(order.current)), []);
  const toggle = useCallback((id: string, range: boolean) => {
    const from = last.current;
    last.current = id;
    setChosen((before) => {
      const next = new Set(before);
      const a = from === null ? -1 : order.current.indexOf(from);
      const b = order.current.indexOf(id);
      if (range && a >= 0) for (const x of order.current.slice(Math.min(a, b), Math.max(a, b) + 1)) next.add(x);
      else if (!next.delete(id)) next.add(id);
      return next;
    });
  }, []);
  useEffect(() => {
    const onKey = (e: KeyboardEvent) => e.key === 'Escape' && !document.querySelector('[role="dialog"][aria-modal="true"]') && clear();
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [clear]);
  return { chosen, clear, all, toggle };
}

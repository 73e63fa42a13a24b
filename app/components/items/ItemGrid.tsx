'use client';
import { useEffect, useLayoutEffect, useRef, useState, type RefObject } from 'react';
import Link from 'next/link';
import { useVirtualizer } from '@tanstack/react-virtual';
import { Badge, Checkbox, Group, Text } from '@mantine/core';
import { IconSparkles } from '@tabler/icons-react';
import { assetUrl, itemHref } from '../../lib/assets';
import { countOf, formatCount } from '../../lib/format';
import type { Item } from '../../lib/queries';
import { MAIN_ID } from '../shell/AppFrame';
import { ItemStatusBadge, SplitBadge } from '../common/badges';
import classes from './ItemGrid.module.css';

const MIN_TILE = 168;
const GAP = 10;
const ROW = 128 + 58 + 2;

interface Props {
  project: string;
  items: Item[];
  selected: ReadonlySet<string>;
  /** @param range whether everything since the last one is meant (Shift) */
  onToggle: (id: string, range: boolean) => void;
  filter: Record<string, string | undefined>;
  /** Called when the end comes near. */
  onEnd: () => void;
}

function useColumns(ref: RefObject<HTMLDivElement | null>): number {
  const [columns, setColumns] = useState(5);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const measure = () => setColumns(Math.max(2, Math.floor((element.clientWidth + GAP) / (MIN_TILE + GAP))));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref]);
  return columns;
}

/** Coming back from an image, the list stands where it was. */
function useScrollMemory(key: string): void {
  useEffect(() => {
    const main = document.getElementById(MAIN_ID);
    if (!main) return;
    const name = `fieldmark.scroll.${key}`;
    const before = Number(sessionStorage.getItem(name) ?? 0);
    const frame = requestAnimationFrame(() => before > 0 && main.scrollTo(0, before));
    const keep = () => sessionStorage.setItem(name, String(main.scrollTop));
    main.addEventListener('scrollend', keep);
    return () => {
      cancelAnimationFrame(frame);
      main.removeEventListener('scrollend', keep);
    };
  }, [key]);
}

/** Thumbnails; only rows in view are in the page, so that a hundred thousand images scroll as well as a hundred. */
export function ItemGrid({ project, items, selected, onToggle, filter, onEnd }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const columns = useColumns(box);
  const [margin, setMargin] = useState(0);
  const scroller = () => document.getElementById(MAIN_ID);
  useLayoutEffect(() => {
    const main = scroller();
    if (!box.current || !main) return;
    setMargin(box.current.getBoundingClientRect().top - main.getBoundingClientRect().top + main.scrollTop);
  }, [columns]);
  useScrollMemory(`${project}?${new URLSearchParams(Object.entries(filter).flatMap(([k, v]) => (v ? [[k, v]] : [])))}`);
  const rows = Math.ceil(items.length / columns);
  const virtual = useVirtualizer({ count: rows, getScrollElement: scroller, estimateSize: () => ROW + GAP, overscan: 4, scrollMargin: margin });
  const shown = virtual.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (rows > 0 && last >= rows - 4) onEnd();
  }, [last, rows, onEnd]);

  return (
    <div ref={box} style={{ position: 'relative', height: virtual.getTotalSize() }} className={selected.size ? classes.selecting : undefined} role="list" aria-label="Images">
      {shown.map((row) => (
        <div key={row.key} className={classes.row} style={{ transform: `translateY(${row.start - margin}px)`, gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`, height: ROW }}>
          {items.slice(row.index * columns, (row.index + 1) * columns).map((item) => (
            <Tile key={item.id} project={project} item={item} selected={selected.has(item.id)} onToggle={onToggle} href={itemHref(project, item.id, filter)} />
          ))}
        </div>
      ))}
    </div>
  );
}

function Tile({ project, item, selected, onToggle, href }: { project: string; item: Item; selected: boolean; onToggle: Props['onToggle']; href: string }) {
  const name = item.path.split('/').at(-1) ?? item.path;
  return (
    <div className={classes.tile} data-selected={selected} role="listitem">
      <Link
        href={href} prefetch={false} className={classes.open} title={`${item.path} · ${item.width} × ${item.height} px`}
        onClick={(e) => {
          if (!e.shiftKey && !e.ctrlKey && !e.metaKey) return;
          e.preventDefault(); // with a modifier the tile is chosen, not opened
          onToggle(item.id, e.shiftKey);
        }}
      >
        <div className={classes.thumb}><img src={assetUrl(project, item.asset, 'thumb')} alt="" loading="lazy" decoding="async" /></div>
        <div className={classes.meta}>
          <Text size="xs" truncate>{name}</Text>
          <Group gap={5} wrap="nowrap" mt={3}>
            <ItemStatusBadge status={item.status} />
            {item.split && <SplitBadge split={item.split} />}
            <Text size="xs" c="dimmed" ml="auto" className="fm-tabular" title={countOf(item.annotations, 'annotation')} aria-label={countOf(item.annotations, 'annotation')}>{formatCount(item.annotations)}</Text>
          </Group>
        </div>
      </Link>
      <div className={classes.check}>
        <Checkbox checked={selected} aria-label={`Select ${name}`} onChange={() => undefined} onClick={(e) => onToggle(item.id, e.shiftKey)} />
      </div>
      {item.proposals > 0 && item.status !== 'done' && (
        <Badge className={classes.proposals} color="violet" variant="filled" size="sm" leftSection={<IconSparkles size={12} aria-hidden />} title={`${countOf(item.proposals, 'undecided proposal')}, whatever the score`} aria-label={countOf(item.proposals, 'undecided proposal')}>{formatCount(item.proposals)}</Badge>
      )}
    </div>
  );
}

'use client';
import { memo, useEffect, useMemo, useRef, useState } from 'react';
import { ActionIcon, Group, Select, Text, Tooltip } from '@mantine/core';
import { IconEye, IconEyeOff, IconLock, IconLockOpen } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { boundsOf, type Editor } from '@/lib/editor';
import type { Annotation, LabelClass } from '@/lib/core/labels';
import { countOf } from '../../lib/format';
import { kindIcons } from './ClassBar';
import { useWorkbench } from './context';
import { Details } from './Details';
import classes from './Editor.module.css';
import { useSignal } from './useSignal';

type Sort = 'made' | 'class' | 'place' | 'size';
const ROW = 30;

function sorted(list: Annotation[], sort: Sort, classOf: ReadonlyMap<string, LabelClass>): Annotation[] {
  if (sort === 'made') return list;
  const keyed = list.map((a) => ({ a, b: boundsOf(a.geometry) }));
  const area = ({ b }: (typeof keyed)[number]) => (b.x1 - b.x0) * (b.y1 - b.y0);
  if (sort === 'class') keyed.sort((p, q) => (classOf.get(p.a.classId)?.index ?? Infinity) - (classOf.get(q.a.classId)?.index ?? Infinity));
  else if (sort === 'size') keyed.sort((p, q) => area(q) - area(p));
  else keyed.sort((p, q) => p.b.y0 - q.b.y0 || p.b.x0 - q.b.x0);
  return keyed.map((k) => k.a);
}

export function ObjectsPanel() {
  const { editor } = useWorkbench();
  const version = useSignal(editor.documentVersion);
  const schema = useSignal(editor.schema);
  const selection = useSignal(editor.selection);
  const [sort, setSort] = useState<Sort>('made');
  const classOf = useMemo(() => new Map(schema.classes.map((c) => [c.id, c])), [schema]);
  // eslint-disable-next-line react-hooks/exhaustive-deps -- the document is changed in place; its version says when
  const list = useMemo(() => sorted(editor.document.list(), sort, classOf), [editor, version, sort, classOf]);
  const counts = useMemo(() => schema.classes.map((c) => ({ c, n: list.filter((a) => a.classId === c.id).length })).filter(({ n }) => n > 0), [list, schema]);
  const scroll = useRef<HTMLDivElement>(null);
  const anchor = useRef<number>(0);
  const rows = useVirtualizer({ count: list.length, getScrollElement: () => scroll.current, estimateSize: () => ROW, overscan: 12 });

  // What is selected on the canvas comes into view in the list.
  useEffect(() => {
    if (selection.size !== 1) return;
    const [id] = selection;
    const at = list.findIndex((a) => a.id === id);
    if (at >= 0) rows.scrollToIndex(at, { align: 'auto' });
    // eslint-disable-next-line react-hooks/exhaustive-deps -- only a new selection scrolls
  }, [selection]);

  const click = (index: number, event: { shiftKey: boolean; ctrlKey: boolean; metaKey: boolean }) => {
    const id = list[index]!.id;
    editor.proposals.get()?.focus.set(null);
    if (event.shiftKey) editor.select(list.slice(Math.min(anchor.current, index), Math.max(anchor.current, index) + 1).map((a) => a.id));
    else if (event.ctrlKey || event.metaKey) {
      const next = new Set(selection);
      if (!next.delete(id)) next.add(id);
      editor.select(next);
    } else editor.select([id]);
    if (!event.shiftKey) anchor.current = index;
  };

  return (
    <div className={classes.panel}>
      <Group justify="space-between" px={10} py={6} gap={6} wrap="nowrap">
        <Text size="sm" fw={600} data-testid="object-count" data-count={list.length}>{countOf(list.length, 'object')}</Text>
        <Select w={130} aria-label="Sort objects" value={sort} onChange={(value) => setSort((value as Sort | null) ?? 'made')} data={[{ value: 'made', label: 'As made' }, { value: 'class', label: 'By class' }, { value: 'place', label: 'By place' }, { value: 'size', label: 'By size' }]} />
      </Group>
      {counts.length > 0 && (
        <Group px={10} pb={6} gap={10}>
          {counts.map(({ c, n }) => (
            <Text key={c.id} size="xs" className="fm-tabular" component="span" title={`${countOf(n, 'object')} of ${c.name}`}>
              <span className={classes.swatch} style={{ background: c.color, display: 'inline-block', marginRight: 4 }} aria-hidden />{c.name} {n}
            </Text>
          ))}
        </Group>
      )}
      <div ref={scroll} className={classes.scroll} role="listbox" aria-label="Objects" aria-multiselectable>
        {list.length === 0 && <Text size="sm" c="dimmed" px={10} py="md">{editor.readOnly ? 'Nothing is labelled here.' : 'Nothing is labelled yet. Pick a class below and draw; or mark the image as done when there is nothing on it.'}</Text>}
        <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {rows.getVirtualItems().map((row) => {
            const a = list[row.index]!;
            return <Row key={a.id} editor={editor} annotation={a} cls={classOf.get(a.classId)} index={row.index} top={row.start} selected={selection.has(a.id)} onClick={click} />;
          })}
        </div>
      </div>
      <Details />
    </div>
  );
}

interface RowProps {
  editor: Editor;
  annotation: Annotation;
  cls: LabelClass | undefined;
  index: number;
  top: number;
  selected: boolean;
  onClick: (index: number, event: React.MouseEvent) => void;
}

function flagsOf(a: Annotation): string {
  return [a.truncated && 'truncated', a.occluded && 'occluded', a.difficult && 'difficult', a.crowd && 'crowd'].filter(Boolean).join(', ');
}

const Row = memo(function Row({ editor, annotation: a, cls, index, top, selected, onClick }: RowProps) {
  const hover = useSignal(editor.hover);
  const hidden = useSignal(editor.hidden).has(a.id);
  const locked = useSignal(editor.locked).has(a.id);
  const Icon = kindIcons[a.geometry.kind];
  const flags = flagsOf(a);
  const name = cls?.name ?? 'class removed';
  return (
    <div
      className={classes.row} style={{ position: 'absolute', top, left: 0, right: 0 }} role="option" aria-selected={selected} data-hovered={hover === a.id} data-hidden={hidden} data-annotation={a.id}
      onMouseEnter={() => editor.hover.set(a.id)} onMouseLeave={() => editor.hover.set(null)} onMouseDown={(event) => event.preventDefault()}
      onClick={(event) => onClick(index, event)} onDoubleClick={() => editor.reveal(boundsOf(a.geometry), true)}
    >
      <span className={classes.swatch} style={{ background: cls?.color ?? '#868e96' }} aria-hidden />
      <Icon size={14} aria-label={a.geometry.kind} />
      <span className={classes.name}>{name}{flags && <Text span size="xs" c="dimmed"> {flags}</Text>}</span>
      {a.origin && <Tooltip label={`Accepted from a model, score ${a.origin.score.toFixed(2)}`}><span className={classes.meta}>{a.origin.score.toFixed(2)}</span></Tooltip>}
      <ActionIcon size={22} aria-label={hidden ? `Show ${name}` : `Hide ${name}`} aria-pressed={hidden} onClick={(event) => { event.stopPropagation(); editor.toggle('hidden', [a.id]); }}>
        {hidden ? <IconEyeOff size={14} aria-hidden /> : <IconEye size={14} opacity={0.55} aria-hidden />}
      </ActionIcon>
      <ActionIcon size={22} aria-label={locked ? `Unlock ${name}` : `Lock ${name}`} aria-pressed={locked} onClick={(event) => { event.stopPropagation(); editor.toggle('locked', [a.id]); }}>
        {locked ? <IconLock size={14} aria-hidden /> : <IconLockOpen size={14} opacity={0.55} aria-hidden />}
      </ActionIcon>
    </div>
  );
});

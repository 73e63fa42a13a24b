'use client';
import { useEffect, useRef, useState } from 'react';
import { ActionIcon, Button, Group, Kbd, Slider, Stack, Text, Tooltip } from '@mantine/core';
import { IconCheck, IconChecks, IconSparkles, IconX } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import Link from 'next/link';
import { actionById, boundsOf, scoreOf, type Proposals } from '@/lib/editor';
import { EmptyState } from '../common/States';
import { kindIcons } from './ClassBar';
import { useWorkbench } from './context';
import classes from './Editor.module.css';
import { SuggestBar } from './SuggestBar';
import { useSignal } from './useSignal';

export function ProposalsPanel() {
  const { editor, item } = useWorkbench();
  const proposals = useSignal(editor.proposals);
  if (!proposals && item.status === 'done') {
    return <EmptyState icon={<IconSparkles size={28} />} title="Nothing to decide">This item is done. Open it again to see and decide what the model proposes for it.</EmptyState>;
  }
  return (
    <>
      <SuggestBar />
      {proposals ? <List proposals={proposals} /> : (
        <EmptyState icon={<IconSparkles size={28} />} title="No proposals">
          No model has looked at this image yet. Ask one with Suggest, which runs it in this browser, or <Link href={`/projects/${editor.project}/models`}>pre-label</Link> many images by a worker; what is proposed stands here to accept, correct or reject.
        </EmptyState>
      )}
    </>
  );
}

function List({ proposals }: { proposals: Proposals }) {
  const { editor, host } = useWorkbench();
  useSignal(editor.documentVersion);
  const threshold = useSignal(proposals.threshold);
  const focus = useSignal(proposals.focus);
  const hover = useSignal(editor.hover);
  const schema = useSignal(editor.schema);
  const [dragging, setDragging] = useState<number | null>(null);
  const shown = proposals.undecided();
  const decided = proposals.all.filter((a) => editor.document.decision(a.id) !== undefined).length;
  const scroll = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({ count: shown.length, getScrollElement: () => scroll.current, estimateSize: () => 30, overscan: 12 });
  useEffect(() => {
    const at = shown.findIndex((a) => a.id === focus);
    if (at >= 0) rows.scrollToIndex(at, { align: 'auto' });
    // eslint-disable-next-line react-hooks/exhaustive-deps -- only a new focus scrolls
  }, [focus]);
  const value = dragging ?? threshold;
  const perform = (id: string) => actionById(id).perform({ editor, host });
  return (
    <div className={classes.panel} data-testid="proposals">
      <Stack gap={6} px={10} py={8}>
        <Group justify="space-between" gap={6} wrap="nowrap">
          <Text size="sm" fw={600} data-testid="proposal-count" data-count={proposals.countAt(value)}>{proposals.countAt(value)} undecided</Text>
          <Text size="xs" c="dimmed" truncate title={proposals.source.name}>{proposals.source.name}{decided > 0 && `, ${decided} decided`}</Text>
        </Group>
        <Group gap={8} wrap="nowrap">
          <Text size="xs" style={{ whiteSpace: 'nowrap' }}>Score from</Text>
          <Slider flex={1} label={null} thumbLabel="Threshold" min={0} max={1} step={0.01} value={value} onChange={(v) => { setDragging(v); proposals.threshold.set(v); }} onChangeEnd={() => setDragging(null)} />
          <Text size="xs" className="fm-tabular" w={30} ta="right">{value.toFixed(2)}</Text>
        </Group>
        <Group gap={6} grow>
          <Button variant="light" color="teal" leftSection={<IconChecks size={15} aria-hidden />} disabled={editor.readOnly || shown.length === 0} onMouseDown={(event) => event.preventDefault()} onClick={() => perform('proposal.acceptAll')} title="Shift+A">Accept all {shown.length > 0 ? shown.length : ''}</Button>
          <Button variant="light" color="red" leftSection={<IconX size={15} aria-hidden />} disabled={editor.readOnly || shown.length === 0} onMouseDown={(event) => event.preventDefault()} onClick={() => proposals.reject(shown.map((a) => a.id))}>Reject all</Button>
        </Group>
        <Text size="xs" c="dimmed"><Kbd size="xs">Tab</Kbd> next · <Kbd size="xs">A</Kbd> accept · <Kbd size="xs">X</Kbd> reject · class key: as another class · drag: correct</Text>
      </Stack>
      <div ref={scroll} className={classes.scroll} role="listbox" aria-label="Proposals">
        {shown.length === 0 && <Text size="sm" c="dimmed" px={10} py="md">{proposals.all.length === 0 ? 'The model found nothing on this image.' : `Nothing is undecided at ${threshold.toFixed(2)} and above.`}</Text>}
        <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {rows.getVirtualItems().map((row) => {
            const a = shown[row.index]!;
            const cls = schema.classes.find((c) => c.id === a.classId);
            const Icon = kindIcons[a.geometry.kind];
            const name = cls?.name ?? 'class removed';
            return (
              <div key={a.id} className={classes.row} style={{ position: 'absolute', top: row.start, left: 0, right: 0 }} role="option" aria-selected={focus === a.id} data-hovered={hover === a.id} data-proposal={a.id}
                onMouseEnter={() => editor.hover.set(a.id)} onMouseLeave={() => editor.hover.set(null)} onMouseDown={(event) => event.preventDefault()}
                onClick={() => { editor.select([]); editor.setTool('select'); proposals.focus.set(a.id); editor.reveal(boundsOf(a.geometry)); }}>
                <span className={classes.swatch} style={{ background: cls?.color ?? '#868e96' }} aria-hidden />
                <Icon size={14} aria-hidden />
                <span className={classes.name}>{name}</span>
                <span className={classes.meta}>{scoreOf(a).toFixed(2)}</span>
                <Tooltip label="Accept"><ActionIcon size={22} color="teal" disabled={editor.readOnly} aria-label={`Accept ${name} ${scoreOf(a).toFixed(2)}`} onClick={(event) => { event.stopPropagation(); proposals.accept(a.id); }}><IconCheck size={15} aria-hidden /></ActionIcon></Tooltip>
                <Tooltip label="Reject"><ActionIcon size={22} color="red" disabled={editor.readOnly} aria-label={`Reject ${name} ${scoreOf(a).toFixed(2)}`} onClick={(event) => { event.stopPropagation(); proposals.reject([a.id]); }}><IconX size={15} aria-hidden /></ActionIcon></Tooltip>
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

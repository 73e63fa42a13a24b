'use client';
import { useState } from 'react';
import { Badge, Paper, SegmentedControl, Text } from '@mantine/core';
import { useWorkbench } from './context';
import { useSignal } from './useSignal';
import type { Side } from './useBeside';

/** The legend of a comparison, and the switch between its sides. */
export function Comparison({ a, b }: { a: Side; b: Side }) {
  const { editor } = useWorkbench();
  const place = useSignal(editor.place);
  const [shown, setShown] = useState<'A' | 'both' | 'B'>('both');
  const show = (which: 'A' | 'both' | 'B') => {
    setShown(which);
    const visible = (side: Side) => which === 'both' || which === side.mark;
    editor.references.update((all) => all.map((r) => (r.mark === null ? r : { ...r, visible: which === 'both' || which === r.mark })));
    const open = [a, b].find((s) => s.open);
    editor.documentVisible.set(open ? visible(open) : which === 'both');
  };
  return (
    <Paper p={6} shadow="sm" data-testid="comparison">
      <SegmentedControl fullWidth value={shown} onChange={(value) => show(value as typeof shown)} aria-label="Which side is shown" data={[{ value: 'A', label: 'A' }, { value: 'both', label: 'Both' }, { value: 'B', label: 'B' }]} />
      {[a, b].map((s) => (
        <Text key={s.mark} size="xs" mt={4} component="div">
          <Badge size="xs" color="gray" variant="outline" mr={6}>{s.mark}</Badge>{s.name}
          {s.document === null ? ', nothing on this item' : s.open ? ', solid: open to edit' : s.mark === 'A' ? ', dashes and dots' : ', dotted'}
        </Text>
      ))}
      {place && <Text size="xs" c="dimmed" mt={4}>The yellow frame is where they differ.</Text>}
    </Paper>
  );
}

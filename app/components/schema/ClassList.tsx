'use client';
import { useState } from 'react';
import { ActionIcon, Box, Group, Kbd, Text, TextInput, Tooltip, UnstyledButton } from '@mantine/core';
import { IconAlertCircle, IconArrowDown, IconArrowUp, IconBrush, IconPlus, IconPoint, IconSquare } from '@tabler/icons-react';
import type { AnnotationKind } from '@/lib/core/labels';
import { countOf, formatCount } from '../../lib/format';
import { moveClass, type DraftFault, type SchemaDraft } from '../../lib/schemaDraft';
import classes from './SchemaPage.module.css';

export const kindTexts: Record<AnnotationKind, { label: string; icon: typeof IconSquare; help: string }> = {
  box: { label: 'Box', icon: IconSquare, help: 'An upright rectangle around the object.' },
  mask: { label: 'Mask', icon: IconBrush, help: 'The pixels of the object, painted with a brush.' },
  landmarks: { label: 'Landmarks', icon: IconPoint, help: 'Named points in a fixed order: point k means the same place on every image.' },
};

interface Props {
  draft: SchemaDraft;
  selected: string | null;
  onSelect: (id: string) => void;
  onDraft: (draft: SchemaDraft) => void;
  onAdd: (name?: string) => void;
  use: { classId: string; annotations: number }[] | undefined;
  faults: DraftFault[];
  showFaults: boolean;
  editable: boolean;
}

export function ClassList({ draft, selected, onSelect, onDraft, onAdd, use, faults, showFaults, editable }: Props) {
  const [name, setName] = useState('');
  const at = draft.classes.findIndex((c) => c.id === selected);
  return (
    <div className={classes.list}>
      <div className={classes.rows}>
        {draft.classes.map((c) => {
          const kind = kindTexts[c.kind];
          const count = use?.find((u) => u.classId === c.id)?.annotations ?? 0;
          const fault = showFaults ? faults.find((f) => f.classId === c.id) : undefined;
          return (
            <UnstyledButton key={c.id} className={classes.row} aria-current={c.id === selected} onClick={() => onSelect(c.id)}>
              <span className={classes.swatch} style={{ background: c.color }} aria-hidden />
              <Text size="sm" truncate flex={1} c={c.name ? undefined : 'dimmed'}>{c.name || 'No name yet'}</Text>
              {fault && <IconAlertCircle size={15} color="var(--mantine-color-red-6)" aria-label={`Fault: ${fault.message}`} />}
              <Text size="xs" c="dimmed" className="fm-tabular" title={countOf(count, 'label')}>{count > 0 ? formatCount(count) : ''}</Text>
              <kind.icon size={14} aria-label={kind.label} color="var(--mantine-color-dimmed)" />
              {c.hotkey ? <Kbd size="xs">{c.hotkey}</Kbd> : <Box w={20} />}
            </UnstyledButton>
          );
        })}
      </div>
      {editable && (
        <form onSubmit={(e) => { e.preventDefault(); onAdd(name.trim() || undefined); setName(''); }}>
          <Group gap={4} p={6} wrap="nowrap">
            <TextInput flex={1} placeholder="Add a class" aria-label="Name of a new class" maxLength={100} value={name} onChange={(e) => setName(e.currentTarget.value)} />
            <Tooltip label="Add"><ActionIcon type="submit" aria-label="Add the class"><IconPlus size={16} aria-hidden /></ActionIcon></Tooltip>
            <Tooltip label="Move the chosen class up"><ActionIcon aria-label="Move up" disabled={at <= 0} onClick={() => selected && onDraft(moveClass(draft, selected, -1))}><IconArrowUp size={16} aria-hidden /></ActionIcon></Tooltip>
            <Tooltip label="Move the chosen class down"><ActionIcon aria-label="Move down" disabled={at < 0 || at >= draft.classes.length - 1} onClick={() => selected && onDraft(moveClass(draft, selected, 1))}><IconArrowDown size={16} aria-hidden /></ActionIcon></Tooltip>
          </Group>
        </form>
      )}
    </div>
  );
}

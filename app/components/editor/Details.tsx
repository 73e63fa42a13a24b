'use client';
import { Checkbox, Group, NumberInput, Select, Stack, Text, TextInput, UnstyledButton } from '@mantine/core';
import { IconCircleDashed, IconCopy, IconEye, IconEyeOff, IconTrash, IconZoomScan } from '@tabler/icons-react';
import { maskArea } from '@/lib/core/masks';
import type { Annotation, AttributeDefinition, AttributeValue, LabelClass } from '@/lib/core/labels';
import { boundsOf, maskOf, reclass, setAttribute, toggleFlag, toggleVisibility, type FlagName } from '@/lib/editor';
import { countOf } from '../../lib/format';
import { ActionIconButton } from './ActionIconButton';
import { useWorkbench } from './context';
import classes from './Editor.module.css';
import { useSignal } from './useSignal';

const flags: { id: FlagName; label: string; key: string }[] = [
  { id: 'truncated', label: 'Truncated', key: 'T' }, { id: 'occluded', label: 'Occluded', key: 'O' }, { id: 'difficult', label: 'Difficult', key: 'U' }, { id: 'crowd', label: 'Crowd', key: 'C' },
];

/** What is selected: class, flags, attributes, landmarks. */
export function Details() {
  const { editor } = useWorkbench();
  useSignal(editor.documentVersion);
  useSignal(editor.selection);
  const schema = useSignal(editor.schema);
  const progress = useSignal(editor.tools.landmarks.progress);
  const selected = editor.selected;
  const first = selected[0];
  // The points of an instance that is about to be begun stand here although a mask or box is selected.
  const coming = progress && progress.annotation === null ? <PointList cls={schema.classes.find((c) => c.id === progress.classId)} annotation={null} next={progress.next} /> : null;
  if (!first) return coming && <div className={classes.details}>{coming}</div>;
  const same = <T,>(of: (a: Annotation) => T): T | undefined => (selected.every((a) => of(a) === of(first)) ? of(first) : undefined);
  const classId = same((a) => a.classId);
  const kind = same((a) => a.geometry.kind);
  const cls = schema.classes.find((c) => c.id === classId);
  const disabled = editor.readOnly || selected.every((a) => editor.isLocked(a.id));
  return (
    <div className={classes.details} data-testid="details">
      <Stack gap={8}>
        <Group justify="space-between" wrap="nowrap" gap={6}>
          <Text size="xs" c="dimmed" truncate>{selected.length === 1 ? sizeOf(first) : countOf(selected.length, 'object')}</Text>
          <Group gap={2} wrap="nowrap">
            <ActionIconButton action="view.zoomSelection" position="left" size={24}><IconZoomScan size={15} aria-hidden /></ActionIconButton>
            <ActionIconButton action="edit.duplicate" position="left" size={24} disabled={disabled}><IconCopy size={15} aria-hidden /></ActionIconButton>
            <ActionIconButton action="edit.delete" position="left" size={24} disabled={disabled}><IconTrash size={15} aria-hidden /></ActionIconButton>
          </Group>
        </Group>
        <Select aria-label="Class of the selected" placeholder="Several classes" disabled={disabled} value={classId ?? null} searchable={schema.classes.length > 12}
          data={schema.classes.filter((c) => c.kind === kind).map((c) => ({ value: c.id, label: c.name }))} onChange={(value) => value && reclass(editor, selected, value)} />
        <Group gap="sm">
          {flags.map((f) => {
            const value = same((a) => a[f.id]);
            return <Checkbox key={f.id} label={f.label} title={`Key ${f.key}`} disabled={disabled} checked={value === true} indeterminate={value === undefined} onChange={() => toggleFlag(editor, selected, f.id)} />;
          })}
        </Group>
        {cls?.attributes.map((a) => {
          const value = same((s) => s.attributes[a.id] ?? null);
          // A field takes a value over when it is made: an undo, or another person's change, makes it anew.
          return <Attribute key={`${a.id}:${selected.map((s) => s.id).join()}:${JSON.stringify(value)}`} attribute={a} value={value} disabled={disabled} onChange={(next) => setAttribute(editor, selected, a.id, next)} />;
        })}
        {selected.length === 1 && first.geometry.kind === 'landmarks' ? <PointList cls={cls} annotation={first} next={progress?.annotation === first.id ? progress.next : null} /> : coming}
      </Stack>
    </div>
  );
}

function sizeOf(a: Annotation): string {
  const b = boundsOf(a.geometry);
  const n = (value: number) => String(Math.round(value * 10) / 10);
  const place = `${n(b.x1 - b.x0)} × ${n(b.y1 - b.y0)} at ${n(b.x0)}, ${n(b.y0)}`;
  return a.geometry.kind === 'mask' ? `${countOf(maskArea(maskOf(a.geometry)), 'pixel')}, ${place}` : place;
}

interface AttributeProps { attribute: AttributeDefinition; value: AttributeValue | undefined; disabled: boolean; onChange: (value: AttributeValue) => void }

/** `value` undefined: those selected differ. Text and numbers are written when the field is left, or on Enter. */
function Attribute({ attribute: a, value, disabled, onChange }: AttributeProps) {
  const mixed = value === undefined;
  const placeholder = mixed ? 'Several values' : undefined;
  const leave = (event: React.KeyboardEvent<HTMLInputElement>) => event.key === 'Enter' && event.currentTarget.blur();
  if (a.type === 'checkbox') return <Checkbox label={a.name} disabled={disabled} checked={value === true} indeterminate={mixed} onChange={(event) => onChange(event.currentTarget.checked)} />;
  if (a.type === 'select') return <Select label={a.name} disabled={disabled} placeholder={placeholder} clearable allowDeselect value={typeof value === 'string' ? value : null} data={a.options.map((o) => ({ value: o.id, label: o.name }))} onChange={onChange} />;
  if (a.type === 'number') {
    return <NumberInput label={a.name} disabled={disabled} placeholder={placeholder} defaultValue={typeof value === 'number' ? value : ''} min={a.min ?? undefined} max={a.max ?? undefined} step={a.step ?? 1} clampBehavior="blur" onKeyDown={leave}
      onBlur={(event) => {
        const text = event.currentTarget.value.trim();
        const n = Number(text);
        // Several values that nobody typed over stay several.
        if (text === '') return mixed ? undefined : onChange(null);
        if (Number.isFinite(n)) onChange(Math.min(a.max ?? Infinity, Math.max(a.min ?? -Infinity, n)));
      }} />;
  }
  return <TextInput label={a.name} disabled={disabled} placeholder={placeholder} defaultValue={typeof value === 'string' ? value : ''} maxLength={a.maxLength} onKeyDown={leave}
    onBlur={(event) => (mixed && event.currentTarget.value === '' ? undefined : onChange(event.currentTarget.value || null))} />;
}

const states = [
  { label: 'not placed', icon: IconCircleDashed }, { label: 'hidden', icon: IconEyeOff }, { label: 'visible', icon: IconEye },
] as const;

/** The points of a skeleton: which are placed, which comes next. */
function PointList({ cls, annotation, next }: { cls: LabelClass | undefined; annotation: Annotation | null; next: number | null }) {
  const { editor } = useWorkbench();
  const points = annotation?.geometry.kind === 'landmarks' ? annotation.geometry.points : [];
  return (
    <div role="list" aria-label="Landmarks" data-testid="landmark-list">
      {cls?.skeleton?.points.map((p, i) => {
        const v = points[i]?.v ?? 0;
        const { icon: Icon, label } = states[v];
        return (
          <Group key={p.id} role="listitem" gap={6} wrap="nowrap" py={2} px={4} bg={next === i ? 'var(--mantine-primary-color-light)' : undefined} aria-current={next === i ? 'step' : undefined}>
            <Text size="xs" c="dimmed" w={22} ta="right" className="fm-tabular">{i + 1}</Text>
            <UnstyledButton style={{ flex: 1, fontSize: 13, textAlign: 'left' }} fw={next === i ? 600 : 400} onMouseDown={(event) => event.preventDefault()} onClick={() => editor.tools.landmarks.placing?.jump(i)}>{p.name}{next === i && ' (next)'}</UnstyledButton>
            <UnstyledButton aria-label={`${p.name}: ${label}`} title={label} disabled={!annotation || v === 0 || editor.readOnly} onMouseDown={(event) => event.preventDefault()} onClick={() => annotation && toggleVisibility(editor, annotation, i)}><Icon size={14} aria-hidden /></UnstyledButton>
          </Group>
        );
      })}
    </div>
  );
}

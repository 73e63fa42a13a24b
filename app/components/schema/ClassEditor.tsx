'use client';
import { useState } from 'react';
import { Alert, ColorInput, Group, SegmentedControl, Stack, Text, Textarea, TextInput, Tooltip } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { annotationKinds, classPalette, type AnnotationKind, type LabelClass } from '@/lib/core/labels';
import { classKeys } from '@/lib/editor/keyboard/classKeys';
import { countOf } from '../../lib/format';
import { reservedKeys } from '../../lib/reservedKeys';
import { changeClass, hotkeyConflict, isNew, pathInWords, removeClass, setKind, type DraftFault, type SchemaDraft } from '../../lib/schemaDraft';
import { ActionButton } from '../common/ActionButton';
import { Section } from '../common/PageHeader';
import { AttributesEditor } from './AttributesEditor';
import { kindTexts } from './ClassList';
import { RemoveClassDialog } from './RemoveClassDialog';
import { SkeletonEditor } from './SkeletonEditor';

interface Props {
  draft: SchemaDraft;
  cls: LabelClass;
  onDraft: (draft: SchemaDraft) => void;
  use: { annotations: number; items: number; elsewhere: number } | undefined;
  useKnown: boolean;
  faults: DraftFault[];
  showFaults: boolean;
  editable: boolean;
  onRemoved: () => void;
}

/** The team's labels count; what else names the class is told apart, since it holds the class in place too. */
function usedBy(own: number, items: number, elsewhere: number): string {
  const others = `${countOf(elsewhere, 'annotation')} of models, ground truth, imports, single people or images in the trash`;
  if (own > 0) return `Used by ${countOf(own, 'label')} on ${countOf(items, 'image')}${elsewhere > 0 ? `, and by ${others}` : ''}.`;
  return elsewhere > 0 ? `No label of the team uses it; ${others} ${elsewhere === 1 ? 'does' : 'do'}.` : 'Not used yet.';
}

export function ClassEditor({ draft, cls, onDraft, use, useKnown, faults, showFaults, editable, onRemoved }: Props) {
  const change = (patch: Parameters<typeof changeClass>[2]) => onDraft(changeClass(draft, cls.id, patch));
  const [removing, setRemoving] = useState(false);
  const fresh = isNew(draft, cls.id);
  const own = use?.annotations ?? 0;
  const elsewhere = use?.elsewhere ?? 0;
  const used = own + elsewhere;
  // What labels refer to by position must not move below them.
  const locked = !fresh && (used > 0 || !useKnown);
  const fault = (path: string) => (showFaults ? faults.find((f) => f.path === path)?.message : undefined);
  return (
    <Stack gap="lg">
      <Stack gap="sm" maw={640}>
        <Group justify="space-between" align="flex-end">
          <TextInput label="Name" flex={1} required maxLength={100} value={cls.name} onChange={(e) => change({ name: e.currentTarget.value })} error={fault('name')} disabled={!editable} autoFocus={!cls.name} />
          <ActionButton permission="project.manage" color="red" variant="outline" leftSection={<IconTrash size={15} aria-hidden />} blocked={!fresh && !useKnown && 'How often it is used is not known yet.'} onClick={() => (used > 0 ? setRemoving(true) : (onDraft(removeClass(draft, cls.id, null)), onRemoved()))}>Remove</ActionButton>
        </Group>
        <Text size="xs" c="dimmed">
          {fresh ? 'New, not saved yet.' : !useKnown ? 'Counting where it is used…' : usedBy(own, use?.items ?? 0, elsewhere)} Index in exports: {fresh ? 'given when saved' : cls.index}; it never changes.
        </Text>
        <Group align="flex-start" gap="md" wrap="nowrap">
          <ColorInput label="Colour" w={170} format="hex" swatches={[...classPalette]} swatchesPerRow={6} value={cls.color} onChange={(color) => /^#[0-9a-f]{6}$/i.test(color) && change({ color: color.toLowerCase() })} disabled={!editable} eyeDropperButtonProps={{ 'aria-label': 'Take a colour from the screen' }} />
          <HotkeyInput draft={draft} cls={cls} onChange={(hotkey) => change({ hotkey })} editable={editable} />
          <Stack gap={2}>
            <Text size="xs" fw={500} id="kind-label">Drawn as</Text>
            <Tooltip label={`${countOf(used, 'annotation')} are drawn as ${kindTexts[cls.kind].label.toLowerCase()}. Make a new class for another kind.`} disabled={!locked}>
              <SegmentedControl aria-labelledby="kind-label" value={cls.kind} disabled={!editable || locked} onChange={(kind) => onDraft(setKind(draft, cls.id, kind as AnnotationKind))} data={annotationKinds.map((k) => ({ value: k, label: kindTexts[k].label }))} />
            </Tooltip>
            <Text size="xs" c="dimmed">{kindTexts[cls.kind].help}</Text>
          </Stack>
        </Group>
        <Textarea label="Description" description="A line for labellers; the guide has room for more" autosize minRows={1} maxRows={5} maxLength={2000} value={cls.description} onChange={(e) => change({ description: e.currentTarget.value })} disabled={!editable} />
        {showFaults && faults.filter((f) => !['name', 'hotkey'].includes(f.path)).map((f) => <Alert key={f.path + f.message} color="red" p={6}><Text size="xs">{pathInWords(f.path)} {f.message}</Text></Alert>)}
      </Stack>
      {cls.kind === 'landmarks' && cls.skeleton && (
        <Section title="Points" hint={locked ? `${countOf(used, 'annotation')} have these points: they can be renamed and joined, but not added, moved or removed.` : 'Labellers place the points in this order. Left and right partners change places when an image is mirrored.'}>
          <SkeletonEditor skeleton={cls.skeleton} color={cls.color} locked={locked} editable={editable} onChange={(skeleton) => change({ skeleton })} />
        </Section>
      )}
      <Section title="Attributes" hint="Facts to be told of each label of this class: a choice, a number, a text, a yes or no.">
        <AttributesEditor attributes={cls.attributes} editable={editable} onChange={(attributes) => change({ attributes })} />
      </Section>
      <RemoveClassDialog opened={removing} onClose={() => setRemoving(false)} cls={cls} use={use} others={draft.classes.filter((c) => c.id !== cls.id && c.kind === cls.kind && !isNew(draft, c.id))} onRemove={(removal) => { setRemoving(false); onDraft(removeClass(draft, cls.id, removal)); onRemoved(); }} />
    </Stack>
  );
}

/** One key. What is taken says by whom, and is not accepted. */
function HotkeyInput({ draft, cls, onChange, editable }: { draft: SchemaDraft; cls: LabelClass; onChange: (key: string | null) => void; editable: boolean }) {
  const [refused, setRefused] = useState<string | null>(null);
  const given = classKeys({ classes: draft.classes }).byClass.get(cls.id);
  return (
    <TextInput
      label={<Tooltip label="Picks this class while labelling. A class without a key of its own gets a free digit."><span tabIndex={0}>Key</span></Tooltip>} aria-label="Key" w={185} value={cls.hotkey ?? ''} placeholder={given ? `${given} (free)` : 'none'} maxLength={1} disabled={!editable} autoComplete="off" error={refused}
      styles={{ wrapper: { width: 90 } }}
      onFocus={(e) => e.currentTarget.select()}
      onChange={(e) => {
        const key = e.currentTarget.value.trim().toLowerCase().slice(-1);
        if (!key) {
          setRefused(null);
          onChange(null);
          return;
        }
        const conflict = hotkeyConflict(draft, cls.id, key, reservedKeys);
        setRefused(conflict);
        if (!conflict) onChange(key);
      }}
      onBlur={() => setRefused(null)}
    />
  );
}

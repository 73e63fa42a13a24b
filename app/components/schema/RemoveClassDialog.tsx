'use client';
import { useState } from 'react';
import { Button, Group, Modal, Radio, Select, Stack, Text } from '@mantine/core';
import type { LabelClass } from '@/lib/core/labels';
import { countOf } from '../../lib/format';
import type { Removal } from '../../lib/schemaDraft';
import { ClassName } from '../common/badges';

interface Props {
  opened: boolean;
  onClose: () => void;
  cls: LabelClass;
  use: { annotations: number; items: number; elsewhere: number } | undefined;
  /** Saved classes of the same kind: the others cannot hold these annotations. */
  others: LabelClass[];
  onRemove: (removal: Removal) => void;
}

/** A class that is in use goes only with a decision on its annotations. */
export function RemoveClassDialog(props: Props) {
  return <Modal opened={props.opened} onClose={props.onClose} title={`Remove “${props.cls.name}”`}><Body {...props} /></Modal>;
}

function Body({ onClose, cls, use, others, onRemove }: Props) {
  const fitting = others.filter((o) => cls.kind !== 'landmarks' || o.skeleton?.points.length === cls.skeleton?.points.length);
  const [action, setAction] = useState<'reassign' | 'delete'>(fitting.length ? 'reassign' : 'delete');
  const [to, setTo] = useState<string | null>(fitting[0]?.id ?? null);
  const { annotations = 0, items = 0, elsewhere = 0 } = use ?? {};
  const count = countOf(annotations + elsewhere, 'annotation');
  return (
    <Stack gap="md">
      <Text size="sm">{annotations > 0 ? `${countOf(annotations, 'label')} on ${countOf(items, 'image')} ${annotations === 1 ? 'has' : 'have'} this class` : 'No label of the team has this class'}{elsewhere > 0 ? `, and ${countOf(elsewhere, 'annotation')} of models, ground truth, imports, single people or images in the trash` : ''}. What should become of {annotations + elsewhere === 1 ? 'it' : 'them'}?</Text>
      <Radio.Group value={action} onChange={(v) => setAction(v as typeof action)} aria-label="What to do with the annotations">
        <Stack gap="xs">
          <Radio value="reassign" label="Give them another class" description={fitting.length ? 'Attributes that the other class lacks are dropped' : `No other saved class of this kind${cls.kind === 'landmarks' ? ' with as many points' : ''}`} disabled={!fitting.length} />
          {action === 'reassign' && (
            <Select ml={26} aria-label="The other class" value={to} onChange={setTo} data={fitting.map((o) => ({ value: o.id, label: o.name }))} renderOption={({ option }) => <ClassName name={option.label} color={fitting.find((o) => o.id === option.value)?.color ?? '#888888'} />} />
          )}
          <Radio value="delete" label={`Delete the ${count}`} description="As one step in the log of each image; frozen versions keep them" />
        </Stack>
      </Radio.Group>
      <Text size="xs" c="dimmed">It happens when you save the label schema.</Text>
      <Group justify="flex-end" gap="xs">
        <Button onClick={onClose}>Cancel</Button>
        <Button variant="filled" color="red" disabled={action === 'reassign' && !to} onClick={() => onRemove(action === 'delete' ? { classId: cls.id, action } : { classId: cls.id, action, to: to! })}>Remove the class</Button>
      </Group>
    </Stack>
  );
}

'use client';
import { uuidv7 } from 'uuidv7';
import { ActionIcon, Button, Checkbox, Group, Menu, Select, Stack, Text, TextInput, Tooltip } from '@mantine/core';
import { IconPlus, IconTrash, IconX } from '@tabler/icons-react';
import type { AttributeDefinition } from '@/lib/core/labels';
import { newAttribute } from '../../lib/schemaDraft';
import { NumberField } from '../common/NumberField';
import classes from './SchemaPage.module.css';

const types: Record<AttributeDefinition['type'], string> = { select: 'Choice', number: 'Number', text: 'Text', checkbox: 'Yes or no' };

export function AttributesEditor({ attributes, editable, onChange }: { attributes: AttributeDefinition[]; editable: boolean; onChange: (attributes: AttributeDefinition[]) => void }) {
  const set = (i: number, next: AttributeDefinition) => onChange(attributes.map((a, j) => (j === i ? next : a)));
  return (
    <Stack gap="xs" maw={640}>
      {attributes.length === 0 && <Text size="sm" c="dimmed">None.</Text>}
      {attributes.map((a, i) => (
        <div key={a.id} className={classes.card}>
          <Group align="flex-end" gap="xs" wrap="nowrap">
            <TextInput label="Name" flex={1} required maxLength={100} value={a.name} disabled={!editable} autoFocus={!a.name} onChange={(e) => set(i, { ...a, name: e.currentTarget.value })} />
            <Text size="xs" c="dimmed" w={80} pb={7}>{types[a.type]}</Text>
            <Tooltip label="Remove this attribute"><ActionIcon mb={1} aria-label={`Remove attribute ${a.name}`} disabled={!editable} onClick={() => onChange(attributes.filter((_, j) => j !== i))}><IconTrash size={16} aria-hidden /></ActionIcon></Tooltip>
          </Group>
          <Details a={a} editable={editable} onChange={(next) => set(i, next)} />
        </div>
      ))}
      {editable && (
        <Menu position="bottom-start">
          <Menu.Target><Button w="fit-content" leftSection={<IconPlus size={15} aria-hidden />}>Add an attribute</Button></Menu.Target>
          <Menu.Dropdown>{(Object.keys(types) as AttributeDefinition['type'][]).map((t) => <Menu.Item key={t} onClick={() => onChange([...attributes, newAttribute(t)])}>{types[t]}</Menu.Item>)}</Menu.Dropdown>
        </Menu>
      )}
    </Stack>
  );
}

function Details({ a, editable, onChange }: { a: AttributeDefinition; editable: boolean; onChange: (a: AttributeDefinition) => void }) {
  if (a.type === 'checkbox') return <Checkbox mt="xs" label="Yes to begin with" checked={a.default} disabled={!editable} onChange={(e) => onChange({ ...a, default: e.currentTarget.checked })} />;
  if (a.type === 'text') {
    return (
      <Group mt="xs" gap="xs" align="flex-end">
        <TextInput label="To begin with" flex={1} value={a.default ?? ''} disabled={!editable} maxLength={a.maxLength} onChange={(e) => onChange({ ...a, default: e.currentTarget.value || null })} />
        <NumberField label="Longest" w={100} min={1} max={10_000} value={a.maxLength} disabled={!editable} allowDecimal={false} onChange={(maxLength) => onChange({ ...a, maxLength: Math.max(1, Math.round(maxLength)) })} />
      </Group>
    );
  }
  if (a.type === 'number') {
    return (
      <Group mt="xs" gap="xs" grow>
        <NumberField label="Least" optional value={a.min ?? null} disabled={!editable} onChange={(min) => onChange({ ...a, min })} />
        <NumberField label="Most" optional value={a.max ?? null} disabled={!editable} error={a.min != null && a.max != null && a.max < a.min ? 'Below the least' : null} onChange={(max) => onChange({ ...a, max })} />
        <NumberField label="Step" min={0} optional value={a.step ?? null} disabled={!editable} onChange={(step) => onChange({ ...a, step: step || null })} />
        <NumberField label="To begin with" optional value={a.default ?? null} disabled={!editable} onChange={(value) => onChange({ ...a, default: value })} />
      </Group>
    );
  }
  return (
    <Stack gap={4} mt="xs">
      <Text size="xs" fw={500}>Options</Text>
      {a.options.map((o, i) => (
        <Group key={o.id} gap={4} wrap="nowrap">
          <TextInput flex={1} aria-label={`Option ${i + 1}`} placeholder={`Option ${i + 1}`} maxLength={100} value={o.name} disabled={!editable} onChange={(e) => onChange({ ...a, options: a.options.map((x, j) => (j === i ? { ...x, name: e.currentTarget.value } : x)) })} />
          <Tooltip label="Remove this option"><ActionIcon aria-label={`Remove option ${o.name}`} disabled={!editable || a.options.length === 1} onClick={() => onChange({ ...a, options: a.options.filter((_, j) => j !== i), default: a.default === o.id ? null : a.default })}><IconX size={15} aria-hidden /></ActionIcon></Tooltip>
        </Group>
      ))}
      <Group gap="xs" align="flex-end">
        <Button variant="subtle" leftSection={<IconPlus size={14} aria-hidden />} disabled={!editable} onClick={() => onChange({ ...a, options: [...a.options, { id: uuidv7(), name: '' }] })}>Add an option</Button>
        <Select ml="auto" label="To begin with" w={180} clearable placeholder="none" disabled={!editable} value={a.default ?? null} onChange={(v) => onChange({ ...a, default: v })} data={a.options.filter((o) => o.name).map((o) => ({ value: o.id, label: o.name }))} />
      </Group>
    </Stack>
  );
}

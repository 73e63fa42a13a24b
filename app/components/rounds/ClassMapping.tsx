'use client';
import { useState } from 'react';
import { Alert, ScrollArea, Select, Switch, Table, Text, TextInput } from '@mantine/core';
import { annotationKindOf, type LabelClass, type TaskName } from '@/lib/core/labels';
import { countOf } from '../../lib/format';

/** Class of the model to class of the project; null: not proposed. */
export type Mapping = Record<string, string | null>;

interface Props {
  task: TaskName;
  from: readonly { id: string; name: string }[];
  to: readonly Pick<LabelClass, 'id' | 'name'>[];
  value: Mapping;
  onChange: (value: Mapping) => void;
}

/** Longer lists can be searched, and show what is mapped alone. */
const LONG = 12;

export function ClassMapping({ task, from, to, value, onChange }: Props) {
  const [search, setSearch] = useState('');
  const [mappedOnly, setMappedOnly] = useState(false);
  if (to.length === 0) return <Alert color="yellow" p="xs">This project has no class of kind {annotationKindOf[task]}, which is what this model proposes. Add one to the label schema first.</Alert>;
  const mapped = from.filter((c) => value[c.id]).length;
  const shown = from.filter((c) => c.name.toLowerCase().includes(search.trim().toLowerCase()) && (!mappedOnly || value[c.id]));
  return (
    <div>
      <Text size="xs" fw={600}>Which of its classes are yours: {mapped} of {countOf(from.length, 'class', 'classes')}</Text>
      <Text size="xs" c="dimmed" mb={6}>What is left empty is not proposed.</Text>
      {from.length > LONG && (
        <Table mb={4}><Table.Tbody><Table.Tr>
          <Table.Td><TextInput aria-label="Find a class of the model" placeholder="Find" value={search} onChange={(e) => setSearch(e.currentTarget.value)} /></Table.Td>
          <Table.Td w={190}><Switch label="Only chosen ones" checked={mappedOnly} onChange={(e) => setMappedOnly(e.currentTarget.checked)} /></Table.Td>
        </Table.Tr></Table.Tbody></Table>
      )}
      <ScrollArea.Autosize mah={260} type="auto">
        <Table>
          <Table.Tbody>
            {shown.map((c) => (
              <Table.Tr key={c.id}>
                <Table.Td><Text size="sm">{c.name}</Text></Table.Td>
                <Table.Td w={240}><Select aria-label={`${c.name} is`} placeholder="not proposed" clearable comboboxProps={{ withinPortal: true }} value={value[c.id] ?? null} onChange={(v) => onChange({ ...value, [c.id]: v })} data={to.map((t) => ({ value: t.id, label: t.name }))} /></Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        {shown.length === 0 && <Text size="sm" c="dimmed" p="xs">No class of the model is called so.</Text>}
      </ScrollArea.Autosize>
    </div>
  );
}

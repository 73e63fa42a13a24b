'use client';
import { useEffect, useRef, useState } from 'react';
import { Button, Checkbox, Group, SegmentedControl, Select, TextInput } from '@mantine/core';
import { IconSearch, IconX } from '@tabler/icons-react';
import { formatCount } from '../../lib/format';
import type { Project, SchemaVersion } from '../../lib/queries';
import { ClassName } from '../common/badges';
import type { useItemFilter } from './useItemFilter';

export function FilterBar({ project, schema, filter }: { project: Project; schema: SchemaVersion | undefined; filter: ReturnType<typeof useItemFilter> }) {
  const { text, set, clear, active } = filter;
  const { counts } = project;
  const classes = schema?.schema.classes ?? [];
  return (
    <Group gap="xs">
      <SegmentedControl
        aria-label="Status" value={text.status ?? ''} onChange={(status) => set({ status: status || undefined })}
        data={[
          { value: '', label: `All ${formatCount(counts.items)}` }, { value: 'open', label: `Open ${formatCount(counts.open)}` },
          { value: 'work', label: `In work ${formatCount(counts.work)}` }, { value: 'done', label: `Done ${formatCount(counts.done)}` },
        ]}
      />
      <Select aria-label="Split" placeholder="Any split" clearable w={122} value={text.split ?? null} onChange={(split) => set({ split: split ?? undefined })} data={[{ value: 'train', label: 'Train' }, { value: 'val', label: 'Validation' }, { value: 'test', label: 'Test' }]} />
      <Select
        aria-label="Class" placeholder="Any class" clearable searchable={classes.length > 8} w={160} value={text.classId ?? null} onChange={(classId) => set({ classId: classId ?? undefined })}
        data={classes.map((c) => ({ value: c.id, label: c.name }))}
        renderOption={({ option }) => <ClassName name={option.label} color={classes.find((c) => c.id === option.value)?.color ?? '#888888'} />}
      />
      <Search value={text.q ?? ''} onChange={(q) => set({ q: q || undefined })} />
      <Checkbox label="With proposals" checked={!!text.proposals} onChange={(e) => set({ proposals: e.currentTarget.checked ? '1' : undefined })} />
      {active && <Button variant="subtle" color="gray" leftSection={<IconX size={14} aria-hidden />} onClick={clear}>Clear</Button>}
    </Group>
  );
}

/** Waits for a pause in typing; `/` comes here. */
function Search({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const [typed, setTyped] = useState(value);
  const [seen, setSeen] = useState(value);
  const input = useRef<HTMLInputElement>(null);
  if (value !== seen) {
    setSeen(value); // the filter was cleared from elsewhere
    setTyped(value);
  }
  useEffect(() => {
    if (typed.trim() === value) return;
    const timer = setTimeout(() => onChange(typed.trim()), 300);
    return () => clearTimeout(timer);
  }, [typed, value, onChange]);
  useEffect(() => {
    const focus = (e: KeyboardEvent) => {
      const at = e.target as HTMLElement;
      if (e.key !== '/' || ['INPUT', 'TEXTAREA'].includes(at.tagName)) return;
      e.preventDefault();
      input.current?.focus();
    };
    window.addEventListener('keydown', focus);
    return () => window.removeEventListener('keydown', focus);
  }, []);
  return <TextInput ref={input} aria-label="Part of the name or folder" placeholder="Name or folder" w={170} leftSection={<IconSearch size={14} aria-hidden />} value={typed} onChange={(e) => setTyped(e.currentTarget.value)} />;
}

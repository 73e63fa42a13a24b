'use client';
import { useState } from 'react';
import { Kbd, Modal, Stack, Text, TextInput, UnstyledButton } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { applyClassKey, findClasses } from '@/lib/editor';
import { kindIcons } from './ClassBar';
import { useWorkbench } from './context';
import classes from './Editor.module.css';
import { useSignal } from './useSignal';

/** For schemas with more classes than keys: type a part of the name, Enter takes it. */
export function ClassPicker({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return <Modal opened={opened} onClose={onClose} title="Find a class" returnFocus>{opened && <Body onClose={onClose} />}</Modal>;
}

function Body({ onClose }: { onClose: () => void }) {
  const { editor, input } = useWorkbench();
  const schema = useSignal(editor.schema);
  const [typed, setTyped] = useState('');
  const [at, setAt] = useState(0);
  const found = findClasses(schema, typed);
  const chosen = found[Math.min(at, found.length - 1)];
  const take = (id: string | undefined) => {
    if (!id) return;
    onClose();
    applyClassKey(editor, id);
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) setAt((i) => Math.max(0, Math.min(found.length - 1, i + step)));
    else if (event.key === 'Enter') take(chosen?.id);
    else return;
    event.preventDefault();
  };
  return (
    <Stack gap="xs">
      <TextInput
        role="combobox" aria-expanded aria-controls="class-picker" aria-activedescendant={chosen && `class-${chosen.id}`} aria-label="Part of the class’s name" placeholder="Part of its name" leftSection={<IconSearch size={14} aria-hidden />}
        value={typed} onChange={(event) => { setTyped(event.currentTarget.value); setAt(0); }} onKeyDown={onKeyDown} data-autofocus
      />
      <div id="class-picker" role="listbox" aria-label="Classes" className={classes.picker}>
        {found.map((c) => {
          const Icon = kindIcons[c.kind];
          const key = input.classKeys.byClass.get(c.id);
          return (
            <UnstyledButton key={c.id} id={`class-${c.id}`} role="option" aria-selected={c === chosen} tabIndex={-1} className={classes.row} ref={(element) => { if (c === chosen) element?.scrollIntoView({ block: 'nearest' }); }} onClick={() => take(c.id)}>
              <span className={classes.swatch} style={{ background: c.color }} aria-hidden />
              <Icon size={14} aria-label={c.kind} />
              <span className={classes.name}>{c.name}</span>
              {key && <Kbd size="xs">{key.toUpperCase()}</Kbd>}
            </UnstyledButton>
          );
        })}
        {found.length === 0 && <Text size="sm" c="dimmed" p="xs">No class has this in its name.</Text>}
      </div>
    </Stack>
  );
}

'use client';
import type { ReactNode } from 'react';
import { ActionIcon, Group, Kbd, Tooltip, type ActionIconProps } from '@mantine/core';
import { actionById, chordLabel } from '@/lib/editor';
import { isMac, useWorkbench } from './context';

/** An action's name with its first key, for a tooltip. */
export function ActionHint({ name, chord }: { name: string; chord?: string }) {
  return (
    <Group gap={6} wrap="nowrap">
      <span>{name}</span>
      {chord && <Kbd size="xs">{chordLabel(chord, isMac)}</Kbd>}
    </Group>
  );
}

interface Props extends ActionIconProps {
  action: string;
  children: ReactNode;
  /** Another name than the action's. */
  name?: string;
  pressed?: boolean;
  disabled?: boolean;
  position?: 'right' | 'bottom' | 'left';
}

/** A button for an action of the registry. It leaves the keyboard with the canvas. */
export function ActionIconButton({ action: id, children, name, pressed, disabled, position = 'bottom', ...rest }: Props) {
  const { editor, host } = useWorkbench();
  const action = actionById(id);
  const label = name ?? action.name;
  return (
    <Tooltip label={<ActionHint name={label} chord={action.keys[0]} />} position={position}>
      <ActionIcon
        aria-label={label}
        aria-keyshortcuts={action.keys.map((k) => k.replace('Mod', isMac ? 'Meta' : 'Control')).join(' ')}
        aria-pressed={pressed}
        variant={pressed ? 'filled' : 'subtle'}
        color={pressed ? 'field' : 'gray'}
        disabled={disabled}
        onMouseDown={(event) => event.preventDefault()}
        onClick={() => action.perform({ editor, host })}
        {...rest}
      >
        {children}
      </ActionIcon>
    </Tooltip>
  );
}

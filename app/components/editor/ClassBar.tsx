'use client';
import { Kbd, Text, Tooltip, UnstyledButton } from '@mantine/core';
import { IconAlertTriangle, IconBrush, IconSearch, IconSquare, IconVector } from '@tabler/icons-react';
import { applyClassKey } from '@/lib/editor';
import Link from 'next/link';
import { ActionIconButton } from './ActionIconButton';
import { useWorkbench } from './context';
import classes from './Editor.module.css';
import { useSignal } from './useSignal';

/** With more classes than this, not all of them have a key or a place in view. */
const MANY = 9;

export const kindIcons = { box: IconSquare, mask: IconBrush, landmarks: IconVector } as const;

/** Classes with their keys: picks one to draw with, or gives it to what is selected. */
export function ClassBar() {
  const { editor, input } = useWorkbench();
  const schema = useSignal(editor.schema);
  const active = useSignal(editor.activeClassId);
  const { byClass, conflicts } = input.classKeys;
  if (schema.classes.length === 0) {
    return <div className={classes.classes}><Text size="sm">The label schema has no classes yet. <Link href={`/projects/${editor.project}/schema`}>Add some</Link> to begin.</Text></div>;
  }
  return (
    <div className={classes.classes} role="toolbar" aria-label="Classes">
      {schema.classes.length > MANY && <ActionIconButton action="draw.class" size={26}><IconSearch size={15} aria-hidden /></ActionIconButton>}
      {schema.classes.map((cls) => {
        const Icon = kindIcons[cls.kind];
        const key = byClass.get(cls.id);
        const conflict = conflicts.find((c) => c.cls.id === cls.id);
        return (
          <Tooltip key={cls.id} label={<>{cls.name} ({cls.kind}){cls.description && `: ${cls.description}`}{conflict && `. Its key ${conflict.key.toUpperCase()} is taken by "${conflict.action.name}"${key ? `, so it has ${key}` : ''}.`}</>}>
            <UnstyledButton ref={(element) => { if (active === cls.id) element?.scrollIntoView({ block: 'nearest', inline: 'nearest' }); }} className={classes.class} aria-pressed={active === cls.id} aria-keyshortcuts={key} aria-label={`Class ${cls.name}`} onMouseDown={(event) => event.preventDefault()} onClick={(event) => applyClassKey(editor, cls.id, event.shiftKey)}>
              <span className={classes.swatch} style={{ background: cls.color }} aria-hidden />
              <Icon size={13} aria-hidden />
              {cls.name}
              {key && <Kbd size="xs">{key.toUpperCase()}</Kbd>}
              {conflict && <IconAlertTriangle size={13} aria-label={`key ${conflict.key} is taken`} />}
            </UnstyledButton>
          </Tooltip>
        );
      })}
    </div>
  );
}

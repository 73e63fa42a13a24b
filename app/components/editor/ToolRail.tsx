'use client';
import { Divider, Stack } from '@mantine/core';
import { IconArrowBackUp, IconArrowForwardUp, IconBrush, IconEraser, IconEye, IconEyeOff, IconHandStop, IconHelp, IconMaximize, IconPointer, IconSquare, IconTag, IconTagOff, IconVector, IconZoomIn, IconZoomOut } from '@tabler/icons-react';
import { ActionIconButton } from './ActionIconButton';
import { useWorkbench } from './context';
import classes from './Editor.module.css';
import { useSignal } from './useSignal';

const tools = [
  ['select', IconPointer], ['box', IconSquare], ['landmarks', IconVector], ['brush', IconBrush], ['eraser', IconEraser], ['pan', IconHandStop],
] as const;

export function ToolRail() {
  const { editor } = useWorkbench();
  const tool = useSignal(editor.toolId);
  const settings = useSignal(editor.settings);
  useSignal(editor.session.historyVersion);
  const { history } = editor.session;
  const { undo, redo } = history.next;
  return (
    <Stack className={classes.rail} gap={4} align="center" role="toolbar" aria-label="Tools" aria-orientation="vertical">
      {tools.map(([id, Icon]) => (
        <ActionIconButton key={id} action={`tool.${id}`} pressed={tool === id} position="right" size={34} disabled={editor.readOnly && id !== 'select' && id !== 'pan'} data-testid={`tool-${id}`}>
          <Icon size={19} stroke={1.75} aria-hidden />
        </ActionIconButton>
      ))}
      <Divider w={24} my={4} />
      <ActionIconButton action="edit.undo" name={undo ? `Undo: ${undo}` : 'Undo'} position="right" size={34} disabled={!history.canUndo || editor.readOnly}><IconArrowBackUp size={19} stroke={1.75} aria-hidden /></ActionIconButton>
      <ActionIconButton action="edit.redo" name={redo ? `Redo: ${redo}` : 'Redo'} position="right" size={34} disabled={!history.canRedo || editor.readOnly}><IconArrowForwardUp size={19} stroke={1.75} aria-hidden /></ActionIconButton>
      <Divider w={24} my={4} />
      <ActionIconButton action="view.zoomIn" position="right" size={34}><IconZoomIn size={19} stroke={1.75} aria-hidden /></ActionIconButton>
      <ActionIconButton action="view.zoomOut" position="right" size={34}><IconZoomOut size={19} stroke={1.75} aria-hidden /></ActionIconButton>
      <ActionIconButton action="view.fit" position="right" size={34}><IconMaximize size={19} stroke={1.75} aria-hidden /></ActionIconButton>
      <ActionIconButton action="view.hideAll" position="right" size={34} pressed={settings.hideAll}>{settings.hideAll ? <IconEyeOff size={19} stroke={1.75} aria-hidden /> : <IconEye size={19} stroke={1.75} aria-hidden />}</ActionIconButton>
      <ActionIconButton action="view.names" name={`Class names: ${settings.labels}`} position="right" size={34}>{settings.labels === 'none' ? <IconTagOff size={19} stroke={1.75} aria-hidden /> : <IconTag size={19} stroke={1.75} aria-hidden />}</ActionIconButton>
      <div style={{ flex: 1 }} />
      <ActionIconButton action="view.help" position="right" size={34}><IconHelp size={19} stroke={1.75} aria-hidden /></ActionIconButton>
    </Stack>
  );
}

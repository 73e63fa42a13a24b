'use client';
import { ActionIcon, Box, Button, Kbd, Menu, Popover, SegmentedControl, Slider, Stack, Switch, Text, Tooltip, UnstyledButton } from '@mantine/core';
import { IconAdjustments, IconArrowLeft, IconCheck, IconChevronLeft, IconChevronRight, IconRotate } from '@tabler/icons-react';
import { actionById, BRUSH_RADIUS, defaultSettings, type EditorSettings } from '@/lib/editor';
import { ItemStatusBadge, SplitBadge } from '../common/badges';
import { ColorSchemeMenu } from '../shell/ColorSchemeMenu';
import { ActionHint, ActionIconButton } from './ActionIconButton';
import { AuthorMenu } from './AuthorMenu';
import { useWorkbench } from './context';
import classes from './Editor.module.css';
import type { ItemDocuments, Neighbours } from './queries';
import { SaveMark } from './SaveMark';
import { useSignal } from './useSignal';

interface Props {
  /** The way on and back: through the list of items, or through the disagreements of a report. */
  steps: Pick<Neighbours, 'previous' | 'next' | 'position'> & { total: number | string } | undefined;
  ofReport: boolean;
  documents: ItemDocuments;
  finishing: boolean;
}

export function TopBar({ steps, ofReport, documents, finishing }: Props) {
  const { editor, host, item } = useWorkbench();
  const done = item.status === 'done';
  return (
    <header className={classes.top}>
      <ActionIconButton action="item.back" name={ofReport ? 'Back to the quality report' : undefined}><IconArrowLeft size={18} aria-hidden /></ActionIconButton>
      <Tooltip label={item.path}><bdi className={classes.path}>{item.path}</bdi></Tooltip>
      <Text size="xs" c="dimmed" className="fm-tabular" style={{ whiteSpace: 'nowrap' }}>{item.width} × {item.height}</Text>
      <ItemStatusBadge status={item.status} />
      {item.split && <SplitBadge split={item.split} />}
      <AuthorMenu documents={documents} />
      <Box flex={1} />
      <SaveMark />
      <Zoom />
      <Adjust />
      <ColorSchemeMenu />
      <ActionIconButton action="item.previous" name={ofReport ? 'Previous disagreement' : undefined} disabled={!steps?.previous}><IconChevronLeft size={18} aria-hidden /></ActionIconButton>
      <Text size="xs" className="fm-tabular" style={{ whiteSpace: 'nowrap' }} data-testid="position">{steps ? `${steps.position} / ${steps.total}` : '–'}</Text>
      <ActionIconButton action="item.next" name={ofReport ? 'Next disagreement' : undefined} disabled={!steps?.next}><IconChevronRight size={18} aria-hidden /></ActionIconButton>
      <Tooltip label={<ActionHint name={done ? 'Take it back into work' : 'Done, and on to the next open item'} chord={actionById('item.done').keys[0]} />}>
        <Button
          variant={done ? 'default' : 'filled'}
          leftSection={done ? <IconRotate size={16} aria-hidden /> : <IconCheck size={16} aria-hidden />}
          rightSection={<Kbd size="xs">D</Kbd>}
          loading={finishing}
          disabled={editor.readOnly}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => host.finish()}
        >
          {done ? 'Open again' : 'Done'}
        </Button>
      </Tooltip>
    </header>
  );
}

function Zoom() {
  const { editor } = useWorkbench();
  const { scale } = useSignal(editor.viewport);
  return (
    <Menu>
      <Menu.Target>
        <Tooltip label="Zoom"><UnstyledButton className={`${classes.meta} fm-tabular`} w={52} ta="right" aria-label="Zoom" data-testid="zoom">{scale >= 0.1 ? Math.round(scale * 100) : (scale * 100).toFixed(1)} %</UnstyledButton></Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item rightSection={<Kbd size="xs">F</Kbd>} onClick={() => editor.fit()}>Fit</Menu.Item>
        {[0.5, 1, 2, 4, 8, 16].map((s) => <Menu.Item key={s} rightSection={s === 1 ? <Kbd size="xs">Z</Kbd> : undefined} onClick={() => editor.zoomTo(s)}>{s * 100} %</Menu.Item>)}
      </Menu.Dropdown>
    </Menu>
  );
}

/** How the image is looked at; nothing of it touches labels. */
function Adjust() {
  const { editor } = useWorkbench();
  const s = useSignal(editor.settings);
  const set = (change: Partial<EditorSettings>) => editor.settings.update((now) => ({ ...now, ...change }));
  const changed = s.brightness !== 1 || s.contrast !== 1;
  return (
    <Popover position="bottom-end" width={280} trapFocus returnFocus>
      <Popover.Target>
        <Tooltip label={`View: brightness, contrast, masks, brush${changed ? ' (changed)' : ''}`}>
          <ActionIcon aria-label="View settings" variant={changed ? 'light' : 'subtle'} color={changed ? 'orange' : 'gray'}><IconAdjustments size={18} aria-hidden /></ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="sm">
          <Named label="Brightness" value={`${Math.round(s.brightness * 100)} %`}><Slider label={null} thumbLabel="Brightness" min={0.2} max={3} step={0.05} value={s.brightness} onChange={(brightness) => set({ brightness })} /></Named>
          <Named label="Contrast" value={`${Math.round(s.contrast * 100)} %`}><Slider label={null} thumbLabel="Contrast" min={0.2} max={3} step={0.05} value={s.contrast} onChange={(contrast) => set({ contrast })} /></Named>
          <Button disabled={!changed} onClick={() => set({ brightness: defaultSettings.brightness, contrast: defaultSettings.contrast })}>As it is</Button>
          <Named label="Opacity of masks" value={`${Math.round(s.maskOpacity * 100)} %`}><Slider label={null} thumbLabel="Opacity of masks" min={0.05} max={1} step={0.05} value={s.maskOpacity} onChange={(maskOpacity) => set({ maskOpacity })} /></Named>
          <Named label="Brush radius" value={`${s.brushRadius} px`}><Slider label={null} thumbLabel="Brush radius" min={BRUSH_RADIUS.min} max={100} step={0.5} value={Math.min(100, s.brushRadius)} onChange={(brushRadius) => set({ brushRadius })} /></Named>
          <Switch label="Painting clears other masks" checked={s.noOverlap} onChange={(event) => set({ noOverlap: event.currentTarget.checked })} />
          <Box>
            <Text size="xs" mb={4}>A stroke, with a mask selected</Text>
            <SegmentedControl fullWidth data={[{ value: 'continue', label: 'Goes on' }, { value: 'new', label: 'New mask' }]} value={s.paintMode} onChange={(paintMode) => set({ paintMode: paintMode as EditorSettings['paintMode'] })} />
          </Box>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

function Named({ label, value, children }: { label: string; value: string; children: React.ReactNode }) {
  return (
    <Box>
      <Box display="flex" style={{ justifyContent: 'space-between' }} mb={2}><Text size="xs">{label}</Text><Text size="xs" c="dimmed" className="fm-tabular">{value}</Text></Box>
      {children}
    </Box>
  );
}

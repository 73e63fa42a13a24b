'use client';
import type { ReactNode } from 'react';
import { Badge, Tabs, Tooltip } from '@mantine/core';
import { IconBook, IconHistory, IconListDetails, IconSparkles } from '@tabler/icons-react';
import { actionById } from '@/lib/editor';
import { ActionHint } from './ActionIconButton';
import { useWorkbench, type PanelName } from './context';
import classes from './Editor.module.css';
import { GuidePanel } from './GuidePanel';
import { HistoryPanel } from './HistoryPanel';
import { ObjectsPanel } from './ObjectsPanel';
import { ProposalsPanel } from './ProposalsPanel';
import { useMaybeSignal, useSignal } from './useSignal';

const panels = [
  { id: 'objects', label: 'Objects', icon: IconListDetails, body: ObjectsPanel },
  { id: 'proposals', label: 'Proposals', icon: IconSparkles, body: ProposalsPanel },
  { id: 'guide', label: 'Guide', icon: IconBook, body: GuidePanel },
  { id: 'history', label: 'History', icon: IconHistory, body: HistoryPanel },
] as const;

export function SidePanel({ panel, onChange, children }: { panel: PanelName; onChange: (panel: PanelName) => void; children?: ReactNode }) {
  const { editor } = useWorkbench();
  useSignal(editor.documentVersion);
  const proposals = useSignal(editor.proposals);
  useMaybeSignal(proposals?.threshold, 0);
  const undecided = proposals?.undecided().length ?? 0;
  return (
    <aside className={classes.side} aria-label="Panel">
      {children}
      <Tabs className={classes.tabs} value={panel} onChange={(value) => value && onChange(value as PanelName)}>
        <Tabs.List justify="space-between">
          {panels.map((p) => (
            <Tooltip key={p.id} label={<ActionHint name={p.label} chord={actionById(`view.${p.id}`).keys[0]} />}>
              <Tabs.Tab value={p.id} px={10} py={8} fz={13} leftSection={<p.icon size={15} aria-hidden />} aria-label={p.id === 'proposals' && undecided > 0 ? `Proposals, ${undecided} undecided` : p.label}>
                {panel === p.id ? p.label : null}
                {p.id === 'proposals' && undecided > 0 && <Badge size="xs" color="orange" ml={4}>{undecided}</Badge>}
              </Tabs.Tab>
            </Tooltip>
          ))}
        </Tabs.List>
        {panels.map((p) => <Tabs.Panel key={p.id} value={p.id} className={panel === p.id ? classes.panel : undefined}><p.body /></Tabs.Panel>)}
      </Tabs>
    </aside>
  );
}

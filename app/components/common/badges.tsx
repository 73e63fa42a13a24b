import { Badge, Group, Text } from '@mantine/core';
import { IconAlertTriangle, IconBan, IconCircle, IconCircleCheckFilled, IconCircleDashed, IconCircleHalf2, IconCircleX, IconClock, IconArrowBackUp, IconLoader2, IconUpload, IconPlayerSkipForward } from '@tabler/icons-react';
import type { ItemStatus, Split } from '@/lib/api/common';

const icon = (I: typeof IconCircle) => <I size={13} aria-hidden />;

const itemStates: Record<ItemStatus, { label: string; color: string; icon: typeof IconCircle }> = {
  open: { label: 'Open', color: 'gray', icon: IconCircle },
  work: { label: 'In work', color: 'blue', icon: IconCircleHalf2 },
  done: { label: 'Done', color: 'teal', icon: IconCircleCheckFilled },
};
export function ItemStatusBadge({ status }: { status: ItemStatus }) {
  const s = itemStates[status];
  return <Badge color={s.color} leftSection={icon(s.icon)} size="sm">{s.label}</Badge>;
}
export const itemStatusLabel = (status: ItemStatus): string => itemStates[status].label;

export const splitLabels: Record<Split, string> = { train: 'Train', val: 'Validation', test: 'Test' };
export function SplitBadge({ split }: { split: Split }) {
  return <Badge color="gray" variant="outline" size="sm" title={`Split: ${splitLabels[split]}`}>{split}</Badge>;
}

type WorkState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled' | 'receiving' | 'reverted' | 'building' | 'ready';
const workStates: Record<WorkState, { label: string; color: string; icon: typeof IconCircle }> = {
  queued: { label: 'Waiting', color: 'gray', icon: IconClock },
  running: { label: 'Running', color: 'blue', icon: IconLoader2 },
  building: { label: 'Building', color: 'blue', icon: IconLoader2 },
  receiving: { label: 'Uploading', color: 'blue', icon: IconUpload },
  done: { label: 'Done', color: 'teal', icon: IconCircleCheckFilled },
  ready: { label: 'Ready', color: 'teal', icon: IconCircleCheckFilled },
  failed: { label: 'Failed', color: 'red', icon: IconCircleX },
  cancelled: { label: 'Cancelled', color: 'gray', icon: IconBan },
  reverted: { label: 'Taken back', color: 'gray', icon: IconArrowBackUp },
};
/** State of a job, import, version, report or export. */
export function StateBadge({ state }: { state: WorkState }) {
  const s = workStates[state];
  return <Badge color={s.color} leftSection={icon(s.icon)} size="sm">{s.label}</Badge>;
}

const outcomes = {
  imported: { label: 'Imported', color: 'teal', icon: IconCircleCheckFilled },
  warning: { label: 'With a warning', color: 'yellow', icon: IconAlertTriangle },
  skipped: { label: 'Skipped', color: 'gray', icon: IconPlayerSkipForward },
  refused: { label: 'Refused', color: 'red', icon: IconCircleX },
} as const;
export const outcomeLabels = outcomes;
export function OutcomeBadge({ outcome }: { outcome: keyof typeof outcomes }) {
  const s = outcomes[outcome];
  return <Badge color={s.color} leftSection={icon(s.icon)} size="sm">{s.label}</Badge>;
}

/** The colour of a class with its name beside it: the colour alone says nothing. */
export function ClassName({ color, name, size = 'xs' }: { color: string; name: string; size?: string }) {
  return (
    <Group gap={6} wrap="nowrap" miw={0} display="inline-flex">
      <span aria-hidden style={{ width: 10, height: 10, borderRadius: 3, background: color, flexShrink: 0 }} />
      <Text size={size} truncate title={name}>{name}</Text>
    </Group>
  );
}

export function UndecidedIcon() {
  return <IconCircleDashed size={13} aria-hidden />;
}

'use client';
import { useState } from 'react';
import { ActionIcon, Button, Group, SegmentedControl, Stack, Text, TextInput, Tooltip } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from '@tabler/icons-react';
import { LIMITS, type Skeleton } from '@/lib/core/labels';
import { addPoint, movePoint, removePoint, renamePoint, skeletonLayout, toggleEdge, togglePair } from '../../lib/schemaDraft';
import classes from './SchemaPage.module.css';

interface Props { skeleton: Skeleton; color: string; locked: boolean; editable: boolean; onChange: (skeleton: Skeleton) => void }

/** Names and order on the left; joining points on the right: press one point, then another. */
export function SkeletonEditor({ skeleton: s, color, locked, editable, onChange }: Props) {
  const [mode, setMode] = useState<'edge' | 'pair'>('edge');
  const [from, setFrom] = useState<number | null>(null);
  const [hover, setHover] = useState<number | null>(null);
  const places = skeletonLayout(s).map((p) => ({ x: p.x * 320, y: p.y * 320 }));
  const press = (k: number) => {
    if (!editable) return;
    if (from === null || from >= s.points.length) setFrom(k);
    else {
      if (from !== k) onChange(mode === 'edge' ? toggleEdge(s, from, k) : togglePair(s, from, k));
      setFrom(null);
    }
  };
  const fixed = !editable || locked;
  const line = ([a, b]: [number, number]) => ({ x1: places[a]?.x, y1: places[a]?.y, x2: places[b]?.x, y2: places[b]?.y });
  return (
    <Group align="flex-start" gap="lg" wrap="nowrap">
      <Stack gap={4} w={330} style={{ flexShrink: 0 }}>
        {s.points.map((p, k) => {
          const pair = s.pairs.find((x) => x.includes(k));
          return (
            <Group key={p.id} gap={4} wrap="nowrap" onMouseEnter={() => setHover(k)} onMouseLeave={() => setHover(null)}>
              <Text size="xs" c="dimmed" w={20} ta="right" className="fm-tabular">{k + 1}</Text>
              <TextInput flex={1} aria-label={`Name of point ${k + 1}`} maxLength={LIMITS.name} value={p.name} disabled={!editable} onFocus={() => setHover(k)} onChange={(e) => onChange(renamePoint(s, k, e.currentTarget.value))}
                rightSection={pair && <Text size="xs" c="dimmed" title={pair[0] === k ? 'left partner' : 'right partner'}>{pair[0] === k ? 'L' : 'R'}</Text>} />
              <ActionIcon aria-label={`Move ${p.name} up`} disabled={fixed || k === 0} onClick={() => onChange(movePoint(s, k, -1))}><IconArrowUp size={15} aria-hidden /></ActionIcon>
              <ActionIcon aria-label={`Move ${p.name} down`} disabled={fixed || k === s.points.length - 1} onClick={() => onChange(movePoint(s, k, 1))}><IconArrowDown size={15} aria-hidden /></ActionIcon>
              <ActionIcon aria-label={`Remove ${p.name}`} disabled={fixed || s.points.length === 1} onClick={() => { setFrom(null); onChange(removePoint(s, k)); }}><IconTrash size={15} aria-hidden /></ActionIcon>
            </Group>
          );
        })}
        <Button w="fit-content" ml={24} variant="subtle" leftSection={<IconPlus size={14} aria-hidden />} disabled={fixed || s.points.length >= LIMITS.skeletonPoints} onClick={() => onChange(addPoint(s))}>Add a point</Button>
      </Stack>
      <Stack gap="xs" flex={1} miw={260} maw={340}>
        <Group gap="xs" justify="space-between">
          <SegmentedControl aria-label="What two points become" value={mode} onChange={(v) => { setMode(v as typeof mode); setFrom(null); }} data={[{ value: 'edge', label: 'Edges' }, { value: 'pair', label: 'Left and right' }]} />
          <Tooltip label="Solid lines are edges; dashed lines join left and right partners."><Text size="xs" c="dimmed" tabIndex={0}>{s.edges.length} edges, {s.pairs.length} pairs</Text></Tooltip>
        </Group>
        <svg viewBox="0 0 320 320" className={classes.skeleton} role="group" aria-label="The points and how they are joined">
          {s.edges.map((e) => <line key={`e${e.join('-')}`} {...line(e)} stroke={color} strokeWidth="3" strokeLinecap="round" opacity={mode === 'edge' ? 1 : 0.35} />)}
          {s.pairs.map((p) => <line key={`p${p.join('-')}`} {...line(p)} stroke="var(--mantine-color-text)" strokeWidth="1.5" strokeDasharray="5 4" opacity={mode === 'pair' ? 1 : 0.45} />)}
          {places.map((p, k) => {
            const name = s.points[k]!.name;
            const pair = s.pairs.find((x) => x.includes(k));
            return (
              <g
                key={s.points[k]!.id} className={classes.point} transform={`translate(${p.x} ${p.y})`} role="button" tabIndex={editable ? 0 : -1} aria-pressed={from === k}
                aria-label={`${k + 1}: ${name}${pair ? (pair[0] === k ? ', left' : ', right') : ''}`} style={{ outline: 'none' }}
                onClick={() => press(k)} onKeyDown={(e) => (e.key === 'Enter' || e.key === ' ') && (e.preventDefault(), press(k))} onMouseEnter={() => setHover(k)} onMouseLeave={() => setHover(null)}
              >
                <circle r="15" fill="transparent" />
                <circle r={from === k ? 12 : 10} fill={from === k ? 'var(--mantine-color-text)' : color} stroke="var(--mantine-color-body)" strokeWidth="2" />
                <text textAnchor="middle" dy="4" fontSize="11" fontWeight="600" fill={from === k ? 'var(--mantine-color-body)' : '#fff'} style={{ paintOrder: 'stroke', stroke: from === k ? 'none' : 'rgba(0,0,0,.45)', strokeWidth: 2 }}>{k + 1}</text>
                {(hover === k || from === k || s.points.length <= 12) && <text textAnchor="middle" dy={p.y > 285 ? -16 : 25} fontSize="11" fill="var(--mantine-color-text)">{name}</text>}
              </g>
            );
          })}
        </svg>
        <Text size="xs" c="dimmed" aria-live="polite">
          {from === null || from >= s.points.length ? (mode === 'edge' ? 'Press two points to join them, or to part them.' : 'Press the left point, then its right partner.') : `“${s.points[from]!.name}”: now press the other point.`}
        </Text>
      </Stack>
    </Group>
  );
}

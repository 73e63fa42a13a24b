'use client';
import { Text } from '@mantine/core';
import { z } from 'zod';
import { geometry, type Geometry } from '@/lib/core/labels';
import { maskContours, maskFromString } from '@/lib/core/masks';
import { assetUrl } from '../../lib/assets';
import { countOf } from '../../lib/format';
import type { Item } from '../../lib/queries';

export interface TrialLabel { classId: string; score: number; geometry: Geometry }

/** What a trial gave; what cannot be read is left out. */
export function trialLabels(given: unknown): TrialLabel[] {
  const schema = z.object({ classId: z.string(), score: z.number(), geometry });
  return (Array.isArray(given) ? given : []).flatMap((one) => {
    const read = schema.safeParse(one);
    return read.success ? [read.data] : [];
  });
}

/** An image with what a model found on it. */
export function TrialPicture({ item, labels, names }: { item: Pick<Item, 'project' | 'asset' | 'width' | 'height' | 'path'>; labels: readonly TrialLabel[]; names: ReadonlyMap<string, string> }) {
  const unit = Math.max(item.width, item.height) / 100;
  return (
    <div>
      <svg viewBox={`0 0 ${item.width} ${item.height}`} role="img" aria-label={`${item.path} with ${countOf(labels.length, 'label')}`} style={{ width: '100%', maxHeight: 360, background: 'var(--mantine-color-dark-8)' }}>
        <image href={assetUrl(item.project, item.asset, 'display')} width={item.width} height={item.height} />
        {labels.map((label, i) => <Shape key={i} label={label} unit={unit} name={names.get(label.classId) ?? label.classId} />)}
      </svg>
      <Text size="xs" c="dimmed">{labels.length === 0 ? 'Nothing found from score 0.25 up.' : `${countOf(labels.length, 'label')} from score 0.25 up.`}</Text>
    </div>
  );
}

function Shape({ label: { geometry: g, score }, unit, name }: { label: TrialLabel; unit: number; name: string }) {
  const line = { fill: 'none', stroke: '#ffd43b', strokeWidth: unit * 0.5 };
  const text = (x: number, y: number) => <text x={x} y={y} fontSize={unit * 3} fill="#ffd43b" stroke="#000" strokeWidth={unit * 0.6} paintOrder="stroke">{name} {score.toFixed(2)}</text>;
  if (g.kind === 'box') return <g><rect x={g.x0} y={g.y0} width={g.x1 - g.x0} height={g.y1 - g.y0} {...line} />{text(g.x0, Math.max(unit * 3, g.y0 - unit))}</g>;
  if (g.kind === 'landmarks') return <g>{g.points.filter((p) => p.v > 0).map((p, i) => <circle key={i} cx={p.x} cy={p.y} r={unit * 0.9} fill="#ffd43b" stroke="#000" strokeWidth={unit * 0.2} />)}</g>;
  const mask = maskFromString(g.mask);
  const d = maskContours(mask).map(({ points }) => `M${points.map((p) => `${p.x} ${p.y}`).join('L')}Z`).join('');
  return <g><path d={d} {...line} fill="#ffd43b" fillOpacity={0.35} fillRule="evenodd" />{text(mask.x, mask.y + unit * 3)}</g>;
}

'use client';
import { useEffect, useRef } from 'react';
import { Text } from '@mantine/core';
import type { LabelClass } from '@/lib/core/labels';
import { IGNORED, type PreviewLabel } from '@/models/browser/preview';
import { countOf } from '../../lib/format';
import type { Variant } from '../../lib/augmentationPreview';
import styles from './Augmentation.module.css';

/** Skeletons of more points show no numbers: they would cover the image. */
const NUMBERED = 24;
const MASK_OPACITY = 0.45;

interface Props { preview: Variant; classes: readonly LabelClass[]; labelled: boolean; title: string }

/** One preview with its labels drawn over: masks in the pixels, boxes and landmarks as lines above them. */
export function PreviewTile({ preview, classes, labelled, title }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height, pixels, labels, labelMap } = preview;
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context) return;
    const shown = labelled && labelMap ? withMasks(pixels, labelMap, colorsOf(preview, classes)) : pixels;
    context.putImageData(new ImageData(shown, width, height), 0, 0);
  }, [preview, classes, labelled, pixels, labelMap, width, height]);
  return (
    <figure className={styles.tile}>
      <div className={styles.picture} role="img" aria-label={`${title}${labelMap ? ', with masks' : `: ${countOf(labels.length, 'label')}`}`}>
        <canvas ref={canvas} width={width} height={height} />
        {labelled && <svg viewBox={`0 0 ${width} ${height}`} aria-hidden="true">{labels.map((label, i) => <Shape key={i} label={label} cls={classes.find((c) => 'classId' in label && c.id === label.classId)} />)}</svg>}
      </div>
      <Text component="figcaption" size="xs" c="dimmed">{title}</Text>
    </figure>
  );
}

/** Colours by value of the label map. */
function colorsOf({ classIds }: Variant, classes: readonly LabelClass[]): (readonly [number, number, number])[] {
  return classIds.map((id) => {
    const color = parseInt(classes.find((c) => c.id === id)?.color.slice(1) ?? 'ffd43b', 16);
    return [color >> 16, (color >> 8) & 255, color & 255] as const;
  });
}

/** Pixels with the classes' colours laid over; pixels that are left out of training are darkened. */
function withMasks(pixels: Uint8ClampedArray<ArrayBuffer>, map: Uint8Array, colors: readonly (readonly [number, number, number])[]): Uint8ClampedArray<ArrayBuffer> {
  const shown = pixels.slice();
  for (let i = 0; i < map.length; i++) {
    const color = map[i] === IGNORED ? ([0, 0, 0] as const) : colors[map[i]! - 1];
    if (color) for (let c = 0; c < 3; c++) shown[i * 4 + c] = shown[i * 4 + c]! * (1 - MASK_OPACITY) + color[c]! * MASK_OPACITY;
  }
  return shown;
}

function Shape({ label, cls }: { label: PreviewLabel; cls: LabelClass | undefined }) {
  const color = cls?.color ?? '#ffd43b';
  if (label.kind === 'box') {
    const place = { x: label.x0, y: label.y0, width: label.x1 - label.x0, height: label.y1 - label.y0, fill: 'none', vectorEffect: 'non-scaling-stroke' };
    return <g strokeDasharray={label.crowd ? '4 3' : undefined}><rect {...place} stroke="#000" strokeOpacity={0.6} strokeWidth={2.5} /><rect {...place} stroke={color} strokeWidth={1.25} /></g>;
  }
  if (label.kind !== 'landmarks') return null;
  const { points } = label;
  const drawn = (i: number) => (points[i]?.v ?? 0) > 0;
  return (
    <g>
      {cls?.skeleton?.edges.filter(([a, b]) => drawn(a) && drawn(b)).map(([a, b]) => <line key={`${a} ${b}`} x1={points[a]!.x} y1={points[a]!.y} x2={points[b]!.x} y2={points[b]!.y} stroke={color} strokeWidth={1.5} vectorEffect="non-scaling-stroke" />)}
      {points.map((p, i) => drawn(i) && (
        <g key={i}>
          <circle cx={p.x} cy={p.y} r={points.length > NUMBERED ? 2 : 3} fill={p.v === 2 ? color : 'none'} stroke={p.v === 2 ? '#000' : color} strokeWidth={p.v === 2 ? 0.6 : 1.2} />
          {points.length <= NUMBERED && <text x={p.x + 4} y={p.y - 4} fontSize={10} fill="#fff" stroke="#000" strokeWidth={2} paintOrder="stroke">{i + 1}</text>}
        </g>
      ))}
    </g>
  );
}

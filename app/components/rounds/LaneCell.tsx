'use client';
import type { LaneRow } from '@/models/browser';

/** Pixels from lane to lane; with many they move together. */
const STEP = 12;
const WIDEST = 168;
const stepOf = (lanes: number) => Math.min(STEP, WIDEST / Math.max(1, lanes));

export const laneColumn = (lanes: number): number => Math.ceil(lanes * stepOf(lanes)) + 14;

/** One row of the drawing of branches: lines that pass, lines that the layer reads, and the layer itself as a dot. */
export function LaneCell({ row: { lane, passing, read, goesOn }, width, height }: { row: LaneRow; width: number; height: number }) {
  const x = (of: number) => 7 + of * stepOf(width);
  const middle = height / 2;
  const color = (of: number) => `var(--fm-lane-${of % 6})`;
  return (
    <svg width={laneColumn(width)} height={height} aria-hidden style={{ display: 'block' }}>
      {passing.map((of) => <path key={`p${of}`} d={`M${x(of)} 0V${height}`} stroke={color(of)} strokeWidth={1.5} fill="none" />)}
      {read.map((of) => <path key={`r${of}`} d={of === lane ? `M${x(of)} 0V${middle}` : `M${x(of)} 0C${x(of)} ${middle * 0.8} ${x(lane)} ${middle * 0.2} ${x(lane)} ${middle}`} stroke={color(of)} strokeWidth={1.5} fill="none" />)}
      {goesOn && <path d={`M${x(lane)} ${middle}V${height}`} stroke={color(lane)} strokeWidth={1.5} />}
      <circle cx={x(lane)} cy={middle} r={3.5} fill={color(lane)} />
    </svg>
  );
}

'use client';
import { useState, type PointerEvent } from 'react';
import classes from './Editor.module.css';
import { recallHere, rememberHere } from './runtime';

const WIDTH = { least: 252, most: 720, usual: 312, step: 24 };
const KEY = 'panel.width';
const inRange = (width: number) => Math.round(Math.min(Math.max(WIDTH.least, width), WIDTH.most, Math.max(WIDTH.least, window.innerWidth * 0.6)));

/** How wide the panel is, remembered by the browser. */
export function usePanelWidth(): [number, (width: number) => void] {
  const [width, set] = useState(() => inRange(Number(recallHere(KEY)) || WIDTH.usual));
  return [width, (next) => {
    set(inRange(next));
    rememberHere(KEY, String(inRange(next)));
  }];
}

/** The edge between canvas and panel: dragged, moved by arrow keys, put back by a double click. */
export function PanelEdge({ width, onChange }: { width: number; onChange: (width: number) => void }) {
  const drag = (event: PointerEvent) => event.currentTarget.hasPointerCapture(event.pointerId) && onChange(window.innerWidth - event.clientX);
  return (
    <div
      className={classes.edge} role="separator" tabIndex={0} aria-orientation="vertical" aria-label="Width of the panel" aria-valuenow={width} aria-valuemin={WIDTH.least} aria-valuemax={WIDTH.most}
      onPointerDown={(event) => { event.preventDefault(); event.currentTarget.setPointerCapture(event.pointerId); }} onPointerMove={drag} onDoubleClick={() => onChange(WIDTH.usual)}
      onKeyDown={(event) => {
        const step = { ArrowLeft: WIDTH.step, ArrowRight: -WIDTH.step }[event.key];
        if (!step) return;
        event.preventDefault();
        onChange(width + step);
      }}
    />
  );
}

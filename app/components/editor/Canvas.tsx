'use client';
import { useEffect, useRef, useState } from 'react';
import { Button, Group, Text } from '@mantine/core';
import { addressOf } from '@/lib/api/client';
import { EditorView } from '@/lib/editor/render/EditorView';
import { useWorkbench } from './context';
import classes from './Editor.module.css';
import { useSignal } from './useSignal';

/** The canvas, and what lies over it. The engine draws; React only mounts it. */
export function Canvas({ canvasRef, children }: { canvasRef: React.RefObject<HTMLDivElement | null>; children?: React.ReactNode }) {
  const { editor, input, item } = useWorkbench();
  const [view, setView] = useState<EditorView | null>(null);
  const [image, setImage] = useState<{ state: 'loading' | 'ready' | 'failed'; attempt: number }>({ state: 'loading', attempt: 0 });
  const surface = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const made = new EditorView(surface.current!, editor, input);
    setView(made);
    return () => {
      made.destroy();
      setView(null);
    };
  }, [editor, input]);

  useEffect(() => {
    if (!view) return;
    const picture = new Image();
    picture.decoding = 'async';
    picture.onload = () => {
      // Decoded before it is drawn, so that the first frame does not wait for it.
      void picture.decode().catch(() => undefined).then(() => {
        view.setImage(picture);
        setImage((i) => ({ ...i, state: 'ready' }));
      });
    };
    picture.onerror = () => setImage((i) => ({ ...i, state: 'failed' }));
    picture.src = addressOf('asset', { params: { project: item.project, hash: item.asset, rendition: 'display' } }) + (image.attempt > 0 ? `?again=${image.attempt}` : '');
    return () => {
      picture.onload = null;
      picture.onerror = null;
    };
  }, [view, item.project, item.asset, image.attempt]);

  return (
    <div
      ref={canvasRef}
      className={classes.canvas}
      tabIndex={0}
      role="application"
      aria-label={`Canvas: ${item.path}`}
      data-testid="canvas"
      data-image={image.state}
      data-tool={useSignal(editor.toolId)}
    >
      <div ref={surface} className={classes.surface} data-testid="canvas-surface" />
      {children}
      <div className={classes.notes}>
        {image.state === 'loading' && <div className={classes.note} role="status">Loading the image…</div>}
        {image.state === 'failed' && (
          <Group className={classes.note} role="alert" gap="xs" style={{ pointerEvents: 'auto' }}>
            <Text size="sm">The image could not be loaded. The labels are there, and stay.</Text>
            <Button size="compact-xs" onClick={() => setImage((i) => ({ state: 'loading', attempt: i.attempt + 1 }))}>Try again</Button>
          </Group>
        )}
        <Notice />
      </div>
    </div>
  );
}

const NOTICE_MS = 3500;

function Notice() {
  const { editor } = useWorkbench();
  const notice = useSignal(editor.notice);
  const [gone, setGone] = useState(0);
  useEffect(() => {
    if (!notice) return;
    const timer = setTimeout(() => setGone(notice.n), NOTICE_MS);
    return () => clearTimeout(timer);
  }, [notice]);
  return <div aria-live="polite">{notice && notice.n > gone && <div className={classes.note}>{notice.text}</div>}</div>;
}

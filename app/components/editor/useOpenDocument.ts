'use client';
import { useEffect, useState } from 'react';
import type { Size } from '@/lib/core/geometry';
import type { LabelSchema } from '@/lib/core/labels';
import { DocumentSession, Editor, type Outbox } from '@/lib/editor';
import { onStreamEvent } from '../../lib/events';
import { clipboard, journal, loadSettings, recall, rememberFor, saveSettings, toolInHand } from './runtime';
import { transport } from './transport';

interface Wanted {
  project: string;
  documentId: string;
  image: Size;
  schema: LabelSchema;
  outbox: Outbox;
  readOnly: boolean;
}
export type Opened = { state: 'opening' } | { state: 'failed'; error: unknown; retry: () => void } | { state: 'open'; editor: Editor };

/** Opens a document for as long as the component is there, and keeps it in step with the server. */
export function useOpenDocument({ project, documentId, image, schema, outbox, readOnly }: Wanted): Opened {
  const [opened, setOpened] = useState<Opened>({ state: 'opening' });
  const [attempt, setAttempt] = useState(0);
  const { width, height } = image;

  useEffect(() => {
    let left = false;
    let editor: Editor | null = null;
    let read: DocumentSession | null = null;
    let missed = false;
    // Heard from the beginning: what others do while the document is read must not be missed.
    const stops = [follow(documentId, () => {
      if (read) void read.changed();
      else missed = true;
    })];
    setOpened({ state: 'opening' });
    DocumentSession.open({ documentId, userId: outbox.userId, journal, outbox, transport, readOnly }).then(
      (session) => {
        if (left) return session.close();
        read = session;
        if (missed) void session.changed();
        editor = new Editor({ image: { width, height }, project, schema, session, clipboard, settings: loadSettings(), activeClassId: recall(project, 'class') });
        const made = editor;
        if (!readOnly) made.setTool(toolInHand.id);
        stops.push(
          () => session.close(),
          made.toolId.subscribe(() => (toolInHand.id = made.toolId.get())),
          made.settings.subscribe(() => saveSettings(made.settings.get())),
          made.activeClassId.subscribe(() => rememberFor(project, 'class', made.activeClassId.get() ?? '')),
        );
        setOpened({ state: 'open', editor: made });
      },
      (error: unknown) => {
        if (!left) setOpened({ state: 'failed', error, retry: () => setAttempt((n) => n + 1) });
      },
    );
    return () => {
      left = true;
      editor?.close();
      stops.forEach((stop) => stop());
    };
    // A new schema does not open the document again: the editor takes it over below.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [project, documentId, width, height, outbox, readOnly, attempt]);

  useEffect(() => {
    if (opened.state === 'open') opened.editor.schema.set(schema);
  }, [opened, schema]);
  return opened;
}

/** So long events are gathered: a gesture of one's own comes back as an event too, after its answer. */
const GATHER_MS = 150;

/** Calls `changed` a moment after the server says that the document changed. */
function follow(documentId: string, changed: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const stop = onStreamEvent((event) => {
    const resync = event.type.endsWith('resync');
    if (!resync && !(event.entity === 'document' && event.id === documentId)) return;
    timer ??= setTimeout(() => {
      timer = null;
      changed();
    }, GATHER_MS);
  });
  return () => {
    stop();
    if (timer) clearTimeout(timer);
  };
}

'use client';
import { useState } from 'react';
import { useQueryClient } from '@tanstack/react-query';
import { isCode, api, notifyDone, notifyError } from '../../lib/api';
import type { Item } from '../../lib/queries';
import type { Editor, Outbox } from '@/lib/editor';
import { eq } from './queries';

/** So long the server may take to have everything before an item is marked. */
const FLUSH_MS = 15_000;

/** Settles once the server has every gesture of the open document. */
async function flushed(editor: Editor, outbox: Outbox): Promise<boolean> {
  const { session } = editor;
  const settled = () => session.unconfirmed.length === 0 && session.save.get().state !== 'saving';
  if (settled()) return true;
  outbox.kick();
  return new Promise((resolve) => {
    const finish = (ok: boolean) => {
      clearTimeout(timer);
      stop();
      resolve(ok);
    };
    const timer = setTimeout(() => finish(false), FLUSH_MS);
    const check = () => {
      const { state } = session.save.get();
      if (settled()) finish(true);
      else if (state === 'offline' || state === 'signed-out' || state === 'failed') finish(false);
    };
    const stop = session.save.subscribe(check);
    check();
  });
}

/** Marks the item: done when everything is decided and sent, or open again. */
export function useFinish(editor: Editor, outbox: Outbox, item: Item, onDone: () => void) {
  const client = useQueryClient();
  const [undecided, setUndecided] = useState<number | null>(null);
  const [busy, setBusy] = useState(false);
  const threshold = () => editor.proposals.get()?.threshold.get() ?? 0.5;

  const mark = async (status: Item['status'], rejectRest: boolean) => {
    if (busy) return;
    setBusy(true);
    try {
      if (!(await flushed(editor, outbox))) {
        notifyError('Not marked yet', new Error('Some of your work has not reached the server. It is safe in this browser; mark the item when the connection is back.'));
        return;
      }
      const row = await api.setStatus({ params: { id: item.id }, body: { status, threshold: threshold(), rejectRest } });
      client.setQueryData(eq.item(item.id).queryKey, row);
      // Under a filter by status, this item has left the list or come back.
      void client.invalidateQueries({ queryKey: ['neighbours'] });
      if (rejectRest) void editor.session.changed();
      setUndecided(null);
      if (status === 'done') onDone();
      else notifyDone('Open again: it is in work.');
    } catch (error) {
      const left = isCode(error, 'conflict') ? error.details.extra?.undecided : undefined;
      if (typeof left === 'number') setUndecided(left);
      else notifyError('Not marked', error);
    } finally {
      setBusy(false);
    }
  };

  const finish = () => {
    if (item.status === 'done') return void mark('work', false);
    const left = editor.proposals.get()?.undecided().length ?? 0;
    if (left > 0) setUndecided(left);
    else void mark('done', false);
  };
  return { finish, busy, undecided, threshold: threshold(), rejectRest: () => void mark('done', true), close: () => setUndecided(null) };
}

'use client';
import { useState } from 'react';
import { useQueryClient } from '@tanstack/react-query';
import { isCode, api, notifyDone, notifyError } from '../../lib/api';
import type { Item } from '../../lib/queries';
import type { Editor, Outbox, Stay } from '@/lib/editor';
import { countOf } from '../../lib/format';
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

interface Finishing {
  editor: Editor;
  outbox: Outbox;
  item: Item;
  stay: Stay;
  /** Asks for the item to go on to; null when none is open. */
  next: () => Promise<string | null>;
  goTo: (item: string) => void;
}

/** Marks the item: done when everything is decided and sent, then on to the next; or open again. */
export function useFinish({ editor, outbox, item, stay, next, goTo }: Finishing) {
  const client = useQueryClient();
  const [undecided, setUndecided] = useState<number | null>(null);
  const [busy, setBusy] = useState(false);
  const threshold = () => editor.proposals.get()?.threshold.get() ?? 0.5;

  const mark = async (status: Item['status'], rejectRest: boolean) => {
    if (busy) return;
    setBusy(true);
    const stillHere = stay.watch();
    const not = (why: unknown) => notifyError(stillHere() ? 'Not marked' : `${item.path} is not marked`, why);
    try {
      if (!(await flushed(editor, outbox))) return not(new Error('Some of your work has not reached the server. It is safe in this browser; mark the item when the connection is back.'));
      // Asked for meanwhile: most often it is known already, and nobody waits for it.
      const following = status === 'done' ? next().catch(() => undefined) : null;
      const row = await api.setStatus({ params: { id: item.id }, body: { status, threshold: threshold(), rejectRest } });
      client.setQueryData(eq.item(item.id).queryKey, row);
      if (rejectRest) void editor.session.changed();
      setUndecided(null);
      const id = await following;
      // Under a filter by status, this item has left the list or come back.
      void client.invalidateQueries({ queryKey: ['neighbours'] });
      if (status !== 'done') notifyDone('Open again: it is in work.');
      else if (!stillHere()) return; // who has gone elsewhere is not fetched back
      else if (id) goTo(id);
      else notifyDone(id === null ? 'Every item of this list is done.' : 'Done. Which item comes next could not be found out; the list has it.');
    } catch (error) {
      const left = isCode(error, 'conflict') ? error.details.extra?.undecided : undefined;
      if (typeof left !== 'number') not(error);
      else if (stillHere()) setUndecided(left);
      else not(new Error(`${countOf(left, 'proposal')} on it ${left === 1 ? 'is' : 'are'} undecided. Open it to accept or reject them.`));
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

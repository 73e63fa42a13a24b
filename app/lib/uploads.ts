'use client';
/** Uploads of imports. They live beside the pages, so that going to another page does not end them. */
import { useSyncExternalStore } from 'react';
import { addressOf } from '@/lib/api/client';
import { AppError } from '@/lib/api/errors';
import type { CallInput } from '@/lib/api/route';
import type { Contract } from '@/lib/api/contract';
import { api, describeError, newKey } from './api';
import { isArchive, type PickedFile } from './folder';
import { sendBytes } from './sendBytes';
import { UploadQueue, type UploadState } from './uploadQueue';

export type ImportOptions = NonNullable<CallInput<Contract['startImport']>['body']['options']>;
export interface Upload {
  project: string;
  importId: string;
  source: string;
  progress: UploadState;
  phase: 'sending' | 'incomplete' | 'committing' | 'error';
  error: unknown;
  startedAt: number;
}

const uploads = new Map<string, Upload>();
const queues = new Map<string, UploadQueue<PickedFile & { size: number }>>();
const watchers = new Set<() => void>();
const emit = () => watchers.forEach((w) => w());
function set(project: string, change: Partial<Upload>): void {
  const before = uploads.get(project);
  if (before) uploads.set(project, { ...before, ...change });
  emit();
}
function end(project: string): void {
  uploads.delete(project);
  queues.delete(project);
  if (uploads.size === 0) window.removeEventListener('beforeunload', onUnload);
  emit();
}
const onUnload = (e: BeforeUnloadEvent) => e.preventDefault();

export function useUpload(project: string): Upload | undefined {
  return useSyncExternalStore((w) => (watchers.add(w), () => watchers.delete(w)), () => uploads.get(project), () => undefined);
}

const passing = (error: unknown) => error instanceof AppError && (error.code === 'unavailable' || error.code === 'too-many-requests' || error.code === 'internal');

/** Opens an import and sends the files; when all are there, hands them over to be imported. */
export async function startUpload(project: string, files: readonly PickedFile[], source: string, options: ImportOptions, onCommitted: (importId: string) => void): Promise<void> {
  const opened = await api.startImport({ params: { project }, body: { source, options } }, { idempotencyKey: newKey() });
  const params = { id: opened.id };
  const queue = new UploadQueue({
    files: files.map((f) => ({ ...f, size: f.file.size })),
    send: async (f, onProgress, signal) => void (await sendBytes('PUT', isArchive(f.path) ? addressOf('putImportArchive', { params, query: { name: f.path } }) : addressOf('putImportFile', { params, query: { path: f.path } }), f.file, onProgress, signal)),
    onChange: (progress) => set(project, { progress }), passing, describe: describeError,
  });
  queues.set(project, queue);
  uploads.set(project, { project, importId: opened.id, source, progress: queue.snapshot(), phase: 'sending', error: null, startedAt: Date.now() });
  window.addEventListener('beforeunload', onUnload);
  emit();
  await follow(project, queue.run(), onCommitted);
}

async function follow(project: string, run: Promise<UploadState>, onCommitted: (importId: string) => void): Promise<void> {
  const { state } = await run;
  if (state === 'sent') await commitUpload(project, onCommitted);
  else if (state === 'incomplete') set(project, { phase: 'incomplete' });
}

/** All that was sent is imported; what failed stays out. */
export async function commitUpload(project: string, onCommitted: (importId: string) => void): Promise<void> {
  const upload = uploads.get(project);
  if (!upload) return;
  set(project, { phase: 'committing', error: null });
  try {
    await api.commitImport({ params: { id: upload.importId } });
    end(project);
    onCommitted(upload.importId);
  } catch (error) {
    set(project, { phase: 'error', error });
  }
}

export async function retryUpload(project: string, onCommitted: (importId: string) => void): Promise<void> {
  const queue = queues.get(project);
  if (!queue) return;
  set(project, { phase: 'sending' });
  await follow(project, queue.retry(), onCommitted);
}

export async function cancelUpload(project: string): Promise<void> {
  const upload = uploads.get(project);
  queues.get(project)?.stop();
  end(project);
  if (upload) await api.cancelImport({ params: { id: upload.importId } });
}

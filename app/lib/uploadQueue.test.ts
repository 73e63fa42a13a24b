import { describe, expect, it } from 'vitest';
import { UploadQueue, type UploadState } from './uploadQueue';

const files = Array.from({ length: 11 }, (_, i) => ({ path: `${i}.jpg`, size: 10 }));
const base = { files, onChange: () => undefined, passing: () => true, describe: (e: unknown) => (e as Error).message, waits: [1, 1] };

describe('UploadQueue', () => {
  it('sends every file once, never more than four at a time', async () => {
    let now = 0;
    let most = 0;
    const sent: string[] = [];
    const queue = new UploadQueue({ ...base, send: async (f) => {
      most = Math.max(most, ++now);
      await new Promise((r) => setTimeout(r, 2));
      now--;
      sent.push(f.path);
    } });
    const end = await queue.run();
    expect([most, sent.sort()]).toEqual([4, files.map((f) => f.path).sort()]);
    expect(end).toMatchObject({ state: 'sent', sent: { files: 11, bytes: 110 }, failed: [] });
  });

  it('tries again what may pass, and counts its bytes once', async () => {
    const tries = new Map<string, number>();
    const queue = new UploadQueue({ ...base, send: async (f, onProgress) => {
      tries.set(f.path, (tries.get(f.path) ?? 0) + 1);
      onProgress(7);
      if (f.path === '3.jpg' && tries.get(f.path)! < 3) throw new Error('lost');
    } });
    expect(await queue.run()).toMatchObject({ state: 'sent', sent: { files: 11, bytes: 110 } });
    expect(tries.get('3.jpg')).toBe(3);
  });

  it('keeps what stays broken with its reason, and sends only that on retry', async () => {
    let broken = true;
    const sent: string[] = [];
    const queue = new UploadQueue({ ...base, passing: () => false, send: async (f) => {
      if (broken && f.path === '5.jpg') throw new Error('too large');
      sent.push(f.path);
    } });
    expect(await queue.run()).toMatchObject({ state: 'incomplete', failed: [{ path: '5.jpg', message: 'too large' }], sent: { files: 10 } });
    broken = false;
    sent.length = 0;
    expect(await queue.retry()).toMatchObject({ state: 'sent', sent: { files: 11, bytes: 110 }, failed: [] });
    expect(sent).toEqual(['5.jpg']);
  });

  it('stops at once, without failures', async () => {
    const queue: UploadQueue<(typeof files)[number]> = new UploadQueue({ ...base, send: (f, _, signal) => new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('aborted')));
      if (f.path === '0.jpg') setTimeout(() => queue.stop(), 2);
    }) });
    const end: UploadState = await queue.run();
    expect(end).toMatchObject({ state: 'stopped', failed: [], sent: { files: 0 } });
  });
});

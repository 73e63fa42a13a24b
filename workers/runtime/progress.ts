import type { Prisma, PrismaClient } from '@/lib/server/db/client';
import { notify } from '@/lib/server/events/notify';
import type { JobProgress } from './defineJob';

const INTERVAL_MS = 250;
export interface CurvePoint {
  name: string;
  step: number;
  value: number;
}

export interface ProgressTarget {
  jobId: string;
  projectId: string | null;
  attempt: number;
}

/**
 * Writes a job's progress and curve points to its row about four times a second, newest values only, one write at a
 * time; and tells everybody. Writes of an attempt that was overtaken by a later one change nothing.
 */
export class ProgressWriter {
  readonly #db: PrismaClient;
  readonly #target: ProgressTarget;
  readonly #onError: (error: unknown) => void;
  #pending: JobProgress | null = null;
  #points: CurvePoint[] = [];
  #nextPoint: number | null = null;
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();
  #lastWrite = 0;

  constructor(db: PrismaClient, target: ProgressTarget, onError: (error: unknown) => void) {
    this.#db = db;
    this.#target = target;
    this.#onError = onError;
  }

  progress(progress: JobProgress): void {
    this.#pending = { ...this.#pending, ...progress };
    this.#schedule();
  }

  points(points: readonly CurvePoint[]): void {
    this.#points.push(...points.filter((p) => Number.isFinite(p.value)));
    this.#schedule();
  }

  #schedule(): void {
    if (this.#timer) return;
    const wait = Math.max(0, this.#lastWrite + INTERVAL_MS - Date.now());
    this.#timer = setTimeout(() => void this.flush(), wait);
  }

  /** Writes what waits; resolves when it is written. A write that fails is reported and kept for the next. */
  flush(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    return (this.#writing = this.#writing.then(() => this.#write()));
  }

  async #write(): Promise<void> {
    const pending = this.#pending;
    const points = this.#points;
    if (!pending && points.length === 0) return;
    this.#pending = null;
    this.#points = [];
    this.#lastWrite = Date.now();
    const { jobId, projectId, attempt } = this.#target;
    try {
      await this.#db.$transaction(async (tx) => {
        if (pending) await tx.job.updateMany({ where: { id: jobId, attempt, state: 'running' }, data: columns(pending) });
        if (points.length > 0) {
          this.#nextPoint ??= ((await tx.jobPoint.aggregate({ where: { jobId }, _max: { n: true } }))._max.n ?? 0) + 1;
          await tx.jobPoint.createMany({ data: points.map((p, i) => ({ jobId, n: this.#nextPoint! + i, name: p.name, step: Math.trunc(p.step), value: p.value })) });
        }
        await notify(tx, { type: 'job.updated', entity: 'job', id: jobId, projectId });
      });
      if (this.#nextPoint !== null) this.#nextPoint += points.length;
    } catch (error) {
      this.#pending = Object.assign({}, pending, this.#pending);
      this.#points = [...points, ...this.#points];
      this.#onError(error);
    }
  }
}

function columns({ fraction, message, data }: JobProgress): Prisma.JobUpdateManyMutationInput {
  return {
    ...(fraction !== undefined && { progress: Math.min(1, Math.max(0, Number.isFinite(fraction) ? fraction : 0)) }),
    ...(message !== undefined && { message: message.slice(0, 500) }),
    ...(data !== undefined && { data: data as Prisma.InputJsonValue }),
  };
}

/** Means over the steps since the last report. */

const REPORT_SECONDS = 0.5;

export class Window {
  private loss = 0;
  private parts: Record<string, number> = {};
  private steps = 0;
  private seconds = 0;
  private waited = 0;
  private since = performance.now();

  /** One step: its results, and how long it took and waited for its data, in milliseconds. */
  add({ loss, gradientNorm: _norm, ...parts }: Record<string, number>, milliseconds: number, waited: number): void {
    this.loss += loss!;
    for (const [name, value] of Object.entries(parts)) this.parts[name] = (this.parts[name] ?? 0) + value;
    this.steps++;
    this.seconds += milliseconds / 1000;
    this.waited += waited / 1000;
  }

  get isDue(): boolean {
    return performance.now() - this.since >= REPORT_SECONDS * 1000;
  }

  /** The means, and begins anew; null when no step was added. */
  take(batch: number): { loss: number; lossParts: Record<string, number>; imagesPerSecond: number; dataWait: number } | null {
    const { steps, seconds, waited, loss, parts } = this;
    Object.assign(this, { loss: 0, parts: {}, steps: 0, seconds: 0, waited: 0, since: performance.now() });
    if (steps === 0) return null;
    return {
      loss: loss / steps, lossParts: Object.fromEntries(Object.entries(parts).map(([name, sum]) => [name, sum / steps])),
      imagesPerSecond: (steps * batch) / seconds, dataWait: waited / seconds,
    };
  }
}

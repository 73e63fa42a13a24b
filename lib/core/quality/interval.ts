/** Error bars of shares that come from clustered counts. */

export type Interval = [low: number, high: number];

/** 97.5 % point of the normal distribution: two-sided 95 %. */
const Z95 = 1.959963984540054;

/**
 * Wilson's 95 % interval of a share of `n` independent trials (Wilson 1927). `n` need not be whole. [0, 1] of nothing.
 */
export function wilsonInterval(share: number, n: number, z: number = Z95): Interval {
  if (!(n > 0)) return [0, 1];
  const center = (share + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n));
  // Rounding must not leave the share itself, or the range, outside.
  return [Math.max(0, Math.min(share, center - half)), Math.min(1, Math.max(share, center + half))];
}

/**
 * A share Σx / Σy whose parts come in clusters (the objects of one image are more alike than those of two): sums are kept, not
 * clusters, so memory does not grow.
 */
export class ClusteredShare {
  private clusters = 0;
  private x = 0;
  private y = 0;
  private xx = 0;
  private xy = 0;
  private yy = 0;

  /** One cluster: x successes of y trials. A cluster without trials says nothing. */
  add(x: number, y: number): void {
    if (y === 0) return;
    this.clusters++;
    this.x += x;
    this.y += y;
    this.xx += x * x;
    this.xy += x * y;
    this.yy += y * y;
  }

  get share(): number | null {
    return this.y === 0 ? null : this.x / this.y;
  }

  /**
   * How many times the variance of independent trials the clusters have (Kish's design effect, from the ratio estimator's
   * variance: Cochran, "Sampling Techniques", 1977, section 6.3); at least 1.
   */
  get designEffect(): number {
    const r = this.share;
    if (r === null || this.clusters < 2 || r === 0 || r === 1) return 1;
    const residuals = Math.max(0, this.xx - 2 * r * this.xy + r * r * this.yy);
    const clustered = ((this.clusters / (this.clusters - 1)) * residuals) / this.y ** 2;
    return Math.max(1, clustered / ((r * (1 - r)) / this.y));
  }

  /** 95 %: Wilson's interval with the trials divided by the design effect; null without trials. */
  interval(): Interval | null {
    const r = this.share;
    return r === null ? null : wilsonInterval(r, this.y / this.designEffect);
  }
}

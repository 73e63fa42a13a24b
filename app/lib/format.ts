/** Numbers and times as people read them. English, like the rest of the interface. */

const whole = new Intl.NumberFormat('en');
export const formatCount = (n: number): string => whole.format(n);
/** `3 images`, `1 image`. */
export const countOf = (n: number, one: string, many = `${one}s`): string => `${whole.format(n)} ${n === 1 ? one : many}`;

export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** A share as a percentage; `–` when there is none. */
export function formatShare(value: number | null | undefined, digits = 1): string {
  return value == null || !Number.isFinite(value) ? '–' : `${(value * 100).toFixed(digits)} %`;
}
export function formatFigure(value: number | null | undefined, digits = 3): string {
  return value == null || !Number.isFinite(value) ? '–' : value.toFixed(digits);
}

/** `45 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatDuration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  const minutes = Math.floor(s / 60);
  if (minutes < 60) return s % 60 && minutes < 10 ? `${minutes} min ${s % 60} s` : `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return `${Math.round(hours / 24)} days`;
}

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const steps: [limit: number, unit: Intl.RelativeTimeFormatUnit, seconds: number][] = [
  [3600, 'minute', 60], [86_400, 'hour', 3600], [86_400 * 14, 'day', 86_400], [86_400 * 60, 'week', 86_400 * 7], [86_400 * 700, 'month', 86_400 * 30.44], [Infinity, 'year', 86_400 * 365.25],
];
export function formatRelative(iso: string, now: number): string {
  const seconds = (new Date(iso).getTime() - now) / 1000;
  const size = Math.abs(seconds);
  if (size < 45) return seconds > 5 ? 'in a moment' : 'just now';
  const [, unit, per] = steps.find(([limit]) => size < limit)!;
  return relative.format(Math.sign(seconds) * Math.max(1, Math.round(size / per)), unit);
}
export function formatAbsolute(iso: string): string {
  return new Date(iso).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
}

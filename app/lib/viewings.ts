/** What looking more than once, or voting, gains and costs, as people read it. */
import type { ViewingReport } from '@/lib/api/routes/viewings';
import { headlineOf, type TaskName, type Viewing } from '@/lib/core/labels';
import { formatFigure, formatShare } from './format';
import { headlineFigure } from './metrics';

type Row = ViewingReport['rows'][number];

export const viewingTitles: Record<Viewing, string> = { once: 'One look', flip: 'Also mirrored', 'ten-crop': 'Ten crops' };

export const rowOf = (report: ViewingReport, viewing: Viewing, vote: readonly string[] = []): Row | undefined => {
  const key = [...vote].sort().join();
  return report.rows.find((r) => r.viewing === viewing && r.vote.join() === key);
};

export interface Effect {
  title: string;
  value: string;
  /** Difference to one look of the model alone, signed; null for that itself and where a figure is missing. */
  gain: string | null;
  verdict: 'better' | 'worse' | 'same';
  /** `2.1 × the time`. */
  cost: string;
}

/** `+1.2 points` of a share, `−0.0012` of another figure. */
function signed(difference: number, share: boolean): string {
  const size = share ? formatFigure(Math.abs(difference) * 100, 1) : formatFigure(Math.abs(difference), 4);
  const sign = Number(size) === 0 ? '±' : difference > 0 ? '+' : '−';
  return `${sign}${size}${share ? ' points' : ''}`;
}

/** What a measured way of looking means beside a single look of the model alone. */
export function effectOf(report: ViewingReport, task: string, row: Row): Effect {
  const { name, text } = headlineFigure(task);
  const alone = rowOf(report, 'once');
  const [before, now] = [alone?.values[name], row.values[name]];
  const comparable = alone !== undefined && alone !== row && before != null && now != null;
  const share = text.format(0.5) === formatShare(0.5);
  const difference = comparable ? now - before : 0;
  const gain = comparable ? signed(difference, share) : null;
  const higher = headlineOf[task as TaskName]?.higherIsBetter ?? true;
  return {
    title: text.title, value: text.format(now), gain,
    verdict: gain === null || gain.startsWith('±') ? 'same' : difference > 0 === higher ? 'better' : 'worse',
    cost: `${formatFigure(row.times, 1)} × the time`,
  };
}

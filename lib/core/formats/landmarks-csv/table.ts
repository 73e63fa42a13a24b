/** What the columns of a landmark table are. */

export interface Columns {
  image: number;
  /** −1 when there is none. */
  className: number;
  /** Columns of x, y and visibility (−1: none) of each point. */
  points: { name: string | null; x: number; y: number; v: number }[];
}

const IMAGE = /^(image|image_?name|image_?path|img|file|file_?name|path|name|id|)$/i;
const CLASS = /^(class|label|category)$/i;
/** No skeleton has more. */
const MAX_POINTS = 512;

/**
 * The columns by their head: `image`, then `nose_x, nose_y` or `x0, y0` in any order, with `nose_v` or `v0` where there is visibility;
 * a head of mere numbers or of nothing stands for x and y in turn. Null when it is no table of landmarks.
 */
export function columnsOf(head: readonly string[]): Columns | null {
  if (head.length < 3) return null;
  const image = head.findIndex((h) => IMAGE.test(h));
  if (image < 0) return null;
  const className = head.findIndex((h, i) => i !== image && CLASS.test(h));
  const rest = head.map((h, i) => ({ h, i })).filter(({ i }) => i !== image && i !== className);
  const named = namedPoints(rest);
  if (named) return named.length <= MAX_POINTS ? { image, className, points: named } : null;
  if (rest.length % 2 !== 0 || rest.length === 0 || rest.length / 2 > MAX_POINTS || !rest.every(({ h }) => /^(\d+|unnamed.*|)$/i.test(h))) return null;
  return { image, className, points: Array.from({ length: rest.length / 2 }, (_, k) => ({ name: null, x: rest[2 * k]!.i, y: rest[2 * k + 1]!.i, v: -1 })) };
}

/** Points by name, in the order in which their x stands; null unless every x has its y and nothing else is there. */
function namedPoints(columns: readonly { h: string; i: number }[]): Columns['points'] | null {
  const found = new Map<string, { x?: number; y?: number; v?: number }>();
  let other = 0;
  for (const { h, i } of columns) {
    const m = /^(.+?)[\s_.-]*([xyv])$/i.exec(h) ?? swap(/^([xyv])[\s_.-]*(.+)$/i.exec(h));
    if (!m) {
      other++;
      continue;
    }
    const point = found.get(m[1]!) ?? {};
    point[m[2]!.toLowerCase() as 'x' | 'y' | 'v'] = i;
    found.set(m[1]!, point);
  }
  const points = [...found];
  if (points.length === 0 || other > 0 || !points.every(([, p]) => p.x !== undefined && p.y !== undefined)) return null;
  return points.map(([name, p]) => ({ name: /^\d+$/.test(name) ? null : name, x: p.x!, y: p.y!, v: p.v ?? -1 }));
}

function swap(m: RegExpExecArray | null): string[] | null {
  return m ? [m[0], m[2]!, m[1]!] : null;
}

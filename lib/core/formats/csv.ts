/** Comma-separated values (RFC 4180): read in pieces, with bounds; written with quotes where they are needed. */

/** The file is not CSV, or its lines are too long. The message continues "file.csv: …". */
export class CsvError extends Error {
  override readonly name = 'CsvError';
}

export interface CsvRow {
  /** Line on which the row begins, from 1. */
  line: number;
  cells: string[];
}

const MAX_ROW = 4_000_000;

/**
 * Rows of cells, without empty lines. The separator is the comma, semicolon or tab that the first line has most of.
 * @throws CsvError
 */
export async function* csvRows(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<CsvRow> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let separator: string | null = null;
  let rest = '';
  let line = 1;
  let ended = false;
  const decode = (chunk?: Uint8Array): string => {
    try {
      return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode();
    } catch {
      throw new CsvError('it is not a text file in UTF-8');
    }
  };
  function* rows(): Generator<CsvRow> {
    for (;;) {
      if (separator === null && (rest.includes('\n') || ended)) separator = separatorOf(rest.slice(0, rest.indexOf('\n') < 0 ? undefined : rest.indexOf('\n')));
      const end = separator === null ? -1 : rowEnd(rest, ended);
      if (end < 0) {
        if (rest.length > MAX_ROW) throw new CsvError(`line ${line} is longer than ${MAX_ROW} characters`);
        return;
      }
      const text = rest.slice(0, end).replace(/\r$/, '');
      if (text.trim() !== '') yield { line, cells: cellsOf(text, separator!) };
      line += text.split('\n').length;
      rest = rest.slice(end + 1);
      if (rest === '' && ended) return;
    }
  }
  for await (const chunk of chunks) {
    // Long files come in many chunks: what is left of one is short.
    rest += decode(chunk);
    yield* rows();
  }
  rest += decode();
  ended = true;
  if (rest !== '') yield* rows();
}

function separatorOf(head: string): string {
  const count = (s: string) => head.split(s).length;
  return [',', ';', '\t'].reduce((best, s) => (count(s) > count(best) ? s : best));
}

/** Where the first row ends: a line break outside of quotes; −1 when it is not there yet. */
function rowEnd(text: string, ended: boolean): number {
  let at = 0;
  for (;;) {
    const newline = text.indexOf('\n', at);
    const quote = text.indexOf('"', at);
    if (newline >= 0 && (quote < 0 || newline < quote)) return newline;
    if (quote < 0) return ended ? text.length : -1;
    const close = text.indexOf('"', quote + 1);
    if (close < 0) {
      if (ended) throw new CsvError('a quotation mark is never closed');
      return -1;
    }
    at = close + 1;
  }
}

function cellsOf(text: string, separator: string): string[] {
  if (!text.includes('"')) return text.split(separator).map((c) => c.trim());
  const cells: string[] = [];
  let cell = '';
  let quoted = false;
  let wasQuoted = false;
  const push = () => {
    cells.push(wasQuoted ? cell : cell.trim());
    cell = '';
    wasQuoted = false;
  };
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (quoted) {
      if (c !== '"') cell += c;
      else if (text[i + 1] === '"') {
        cell += '"';
        i++;
      } else quoted = false;
    } else if (c === '"' && cell.trim() === '') {
      quoted = wasQuoted = true;
      cell = '';
    } else if (c === separator) push();
    else cell += c;
  }
  push();
  return cells;
}

/** A line with its line break. */
export function csvLine(cells: readonly (string | number)[]): string {
  return `${cells.map((c) => (typeof c === 'number' || !/[",\r\n]|^\s|\s$/.test(c) ? String(c) : `"${c.replaceAll('"', '""')}"`)).join(',')}\n`;
}

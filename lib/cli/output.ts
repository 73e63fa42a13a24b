/** What a command says: results on standard output, progress and errors on standard error. */

export interface Terminal {
  stdout: { write(text: string): unknown };
  stderr: { write(text: string): unknown };
  /** Whether a person watches standard error: only then is progress shown. */
  stderrIsTerminal: boolean;
  /** Width of the terminal in characters. */
  columns?: number;
}

export class Output {
  private shown = '';
  private last = 0;
  constructor(private readonly terminal: Terminal, private readonly json: boolean) {}

  /** A line for people; nothing with `--json`. */
  line(text = ''): void {
    this.progressEnd();
    if (!this.json) this.terminal.stdout.write(`${text}\n`);
  }

  /** A remark that is not part of the result. */
  note(text: string): void {
    this.progressEnd();
    this.terminal.stderr.write(`${text}\n`);
  }

  /** Columns set out below each other; numbers to the right. */
  table(head: readonly string[], rows: readonly (readonly (string | number | null)[])[]): void {
    const text = [head.map(String), ...rows.map((r) => r.map((v) => (v === null ? '–' : String(v))))];
    const widths = head.map((_, i) => Math.max(...text.map((r) => r[i]!.length)));
    const right = head.map((_, i) => rows.length > 0 && rows.every((r) => typeof r[i] === 'number' || r[i] === null));
    for (const row of text) this.line(row.map((v, i) => (right[i] ? v.padStart(widths[i]!) : v.padEnd(widths[i]!))).join('  ').trimEnd());
  }

  /** Shows how far the work is, on a terminal only, a few times a second. */
  progress(label: string, fraction: number | null, detail = ''): void {
    if (!this.terminal.stderrIsTerminal) return;
    const now = Date.now();
    if (now - this.last < 100 && fraction !== 1) return;
    this.last = now;
    const width = 24;
    const filled = fraction === null ? 0 : Math.round(Math.min(1, Math.max(0, fraction)) * width);
    const bar = fraction === null ? '' : ` [${'#'.repeat(filled)}${'.'.repeat(width - filled)}] ${String(Math.floor(fraction * 100)).padStart(3)} %`;
    const columns = this.terminal.columns ?? 80;
    const text = `${label}${bar}${detail ? `  ${detail}` : ''}`.slice(0, Math.max(20, columns - 1));
    this.terminal.stderr.write(`\r${text.padEnd(this.shown.length)}`);
    this.shown = text;
  }

  /** Takes the progress line away. */
  progressEnd(): void {
    if (this.shown === '') return;
    this.terminal.stderr.write(`\r${' '.repeat(this.shown.length)}\r`);
    this.shown = '';
    this.last = 0;
  }

  /** The JSON object of the result: the last line of the output. */
  result(value: Record<string, unknown>): void {
    this.progressEnd();
    if (this.json) this.terminal.stdout.write(`${JSON.stringify(value)}\n`);
  }

  failure(code: string, message: string, errors?: readonly { path: string; message: string }[]): void {
    this.progressEnd();
    this.terminal.stderr.write(`fieldmark: ${message}\n`);
    for (const e of errors ?? []) this.terminal.stderr.write(`  ${e.path ? `${e.path}: ` : ''}${e.message}\n`);
    if (this.json) this.terminal.stdout.write(`${JSON.stringify({ error: { code, message, ...(errors && { errors }) } })}\n`);
  }
}

/** `1 image`, `12 images` */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}

/** `48 s`, `3 min 20 s`, `2 h 5 min` */
export function duration(seconds: number): string {
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

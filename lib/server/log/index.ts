import pino from 'pino';

export type Logger = pino.Logger;

/** Paths that never reach a log line, wherever an object carries them. */
const REDACTED = ['password', 'token', 'secret', 'authorization', 'cookie', '*.password', '*.token', '*.secret', 'req.headers.authorization', 'req.headers.cookie'];

let root: Logger | undefined;

/**
 * A logger that writes one JSON object a line to standard output (the launcher keeps it in the data folder).
 * Level by `FIELDMARK_LOG_LEVEL` (default `info`).
 */
export function logger(name: string, bindings: Record<string, unknown> = {}): Logger {
  root ??= pino({
    level: process.env['FIELDMARK_LOG_LEVEL'] ?? 'info',
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: REDACTED,
    serializers: { err: pino.stdSerializers.err },
  });
  return root.child({ name, ...bindings });
}

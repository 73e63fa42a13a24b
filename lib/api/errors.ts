/**
 * Errors that reach people. One code is one kind of failure; `problem+json` (RFC 9457) carries it over HTTP.
 */
import { z } from 'zod';

export const errorCodes = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  gone: 410,
  'precondition-failed': 412,
  'too-large': 413,
  unsupported: 415,
  unprocessable: 422,
  'too-many-requests': 429,
  internal: 500,
  unavailable: 503,
} as const;
export type ErrorCode = keyof typeof errorCodes;

export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  code: z.string(),
  /** What was wrong, where, and what to do. */
  detail: z.string(),
  /** Single faults of the input, by path. */
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  /** What the client needs to go on; for example the reasons why an item cannot be done. */
  extra: z.record(z.string(), z.unknown()).optional(),
  requestId: z.string().optional(),
});
export type Problem = z.infer<typeof problem>;

/** The one error that services throw and people see. `message` says what was wrong, where, and what to do. */
export class AppError extends Error {
  override readonly name = 'AppError';
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: { errors?: Problem['errors']; extra?: Problem['extra']; cause?: unknown } = {},
  ) {
    super(message, { cause: details.cause });
  }
  get status(): number {
    return errorCodes[this.code];
  }
  toProblem(requestId?: string): Problem {
    const { errors, extra } = this.details;
    return {
      type: `urn:fieldmark:error:${this.code}`,
      title: this.code.replaceAll('-', ' '),
      status: this.status,
      code: this.code,
      detail: this.message,
      ...(errors && { errors }),
      ...(extra && { extra }),
      ...(requestId && { requestId }),
    };
  }
  static fromZod(error: z.ZodError, where: string): AppError {
    const errors = error.issues.map((i) => ({ path: i.path.join('.'), message: i.message }));
    const first = errors[0];
    return new AppError('invalid', `${where}: ${first ? `${first.path ? `${first.path}: ` : ''}${first.message}` : 'invalid input'}${errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''}`, { errors });
  }
}

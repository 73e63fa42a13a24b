import { AppError } from '@/lib/api/errors';
import { Prisma } from '@/lib/server/db/client';
import { ObjectNotFoundError } from '@/lib/server/storage';

/** What people are told of any failure. Of an unknown one, nothing but that it is in the log. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof Prisma.PrismaClientKnownRequestError) {
    if (error.code === 'P2002') return new AppError('conflict', 'Someone else has just made the same. Load the page again.', { cause: error });
    if (error.code === 'P2025') return new AppError('not-found', 'It is no longer there: someone else has just removed it.', { cause: error });
    // Ids in bodies and paths are checked by the contract; what remains is a cursor that nobody gave out.
    if (error.code === 'P2023' || /22P02|invalid input syntax for type uuid/.test(error.message)) return new AppError('invalid', 'The cursor is not one of this list. Begin again without one.', { cause: error });
    if (error.code === 'P2020') return new AppError('invalid', 'A number is larger than can be kept here.', { cause: error });
    if (error.code === 'P1001' || error.code === 'P1017' || error.code === 'P2024') return new AppError('unavailable', 'The database does not answer. Try again in a moment.', { cause: error });
  }
  if (error instanceof ObjectNotFoundError) return new AppError('not-found', 'The stored file is missing from the object store.', { cause: error });
  if ((error as NodeJS.ErrnoException | null)?.code === 'ENOSPC') return new AppError('unavailable', 'The disk of the server is full. Free some space, then try again.', { cause: error });
  return new AppError('internal', 'Something went wrong on the server. What it was stands in its log, under this request id.', { cause: error });
}

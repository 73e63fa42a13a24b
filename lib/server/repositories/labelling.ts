import { Prisma, type Db } from '@/lib/server/db/client';

/** Somebody who looks at an image without changing a thing for so long has gone for coffee. */
const MINUTES = 5;

export const labellingQuery = () =>
  Prisma.sql`select 1 from "Operation" where "receivedAt" > now() - make_interval(mins => ${MINUTES}::int) and "userId" is not null and "batchId" is null limit 1`;

/**
 * Whether anybody labels at present: an operation of the last minutes that a person made. What belongs to a batch does not
 * count: imports, pre-labels and rewrites are made by jobs in the name of who asked for them.
 */
export async function peopleAreLabelling(db: Db): Promise<boolean> {
  return (await db.$queryRaw<unknown[]>(labellingQuery())).length > 0;
}

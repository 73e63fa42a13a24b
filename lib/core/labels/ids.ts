import { z } from 'zod';

/** Identifiers are UUIDs; what clients make is version 7, so that they sort by the time they were made. */
export const uuid = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, 'must be a UUID in lower case');

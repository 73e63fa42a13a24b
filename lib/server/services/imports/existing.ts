/** What the project already holds of what an import brings. */
import type { Split } from '@/lib/api/common';
import type { PrismaClient } from '@/lib/server/db/client';

export interface ExistingItem {
  id: string;
  path: string;
  hash: string;
  split: Split | null;
  importId: string | null;
  trashed: boolean;
}

/** Items by path, and items that are not in the trash by the hash of their bytes (the first made). */
export async function existingItems(db: PrismaClient, projectId: string, paths: readonly string[], hashes: readonly string[]): Promise<{ byPath: Map<string, ExistingItem>; byHash: Map<string, ExistingItem> }> {
  const select = { id: true, path: true, hash: true, split: true, importId: true, deletedAt: true } as const;
  const [atPaths, withHashes] = await Promise.all([
    db.item.findMany({ where: { projectId, path: { in: [...paths] } }, select }),
    db.item.findMany({ where: { projectId, hash: { in: [...hashes] }, deletedAt: null }, select, orderBy: { id: 'asc' } }),
  ]);
  const plain = ({ deletedAt, ...row }: (typeof atPaths)[number]): ExistingItem => ({ ...row, trashed: deletedAt !== null });
  const byHash = new Map<string, ExistingItem>();
  for (const row of withHashes) if (!byHash.has(row.hash)) byHash.set(row.hash, plain(row));
  return { byPath: new Map(atPaths.map((row) => [row.path, plain(row)])), byHash };
}

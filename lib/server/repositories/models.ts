/** Model versions. */
import type { Db, Prisma } from '@/lib/server/db/client';

const withVersion = { include: { datasetVersion: { select: { number: true } } } } as const;
export type ModelRecord = Prisma.ModelVersionGetPayload<typeof withVersion>;

export function findModel(db: Db, id: string): Promise<ModelRecord | null> {
  return db.modelVersion.findUnique({ where: { id }, ...withVersion });
}

export function pageOfModels(db: Db, projectId: string, trash: boolean, before: string | undefined, take: number): Promise<ModelRecord[]> {
  return db.modelVersion.findMany({ where: { projectId, deletedAt: trash ? { not: null } : null, ...(before && { id: { lt: before } }) }, orderBy: { id: 'desc' }, take, ...withVersion });
}

/** Takes the next number of the project. */
export async function insertModel(tx: Db, data: Omit<Prisma.ModelVersionUncheckedCreateInput, 'number' | 'name'> & { name: string }): Promise<ModelRecord> {
  const { nextModel } = await tx.project.update({ where: { id: data.projectId }, data: { nextModel: { increment: 1 } }, select: { nextModel: true } });
  const number = nextModel - 1;
  return tx.modelVersion.create({ data: { ...data, number, name: data.name || `Model ${number}` }, ...withVersion });
}

/** Proposals of a model and what people decided, by class. Only what is still there counts as proposed. */
export function proposalRows(db: Db, projectId: string): Promise<{ model: string; modelNumber: number; classId: string; proposed: number; accepted: number; corrected: number; reclassed: number; rejected: number }[]> {
  return db.$queryRaw`
    with proposed as (
      select d."authorId" as model, a."classId", count(*)::int as proposed
      from "Annotation" a join "Document" d on d."id" = a."documentId" join "Item" i on i."id" = a."itemId"
      where d."projectId" = ${projectId}::uuid and d."authorKind" = 'model' and a."deletedAt" is null and i."deletedAt" is null
      group by 1, 2
    ), decided as (
      select p."modelVersionId" as model, p."classId",
        count(*) filter (where p."decision" = 'accepted')::int as accepted, count(*) filter (where p."decision" = 'corrected')::int as corrected,
        count(*) filter (where p."decision" = 'reclassed')::int as reclassed, count(*) filter (where p."decision" = 'rejected')::int as rejected
      from "ProposalDecision" p where p."projectId" = ${projectId}::uuid
      group by 1, 2
    )
    select m."id"::text as model, m."number" as "modelNumber", c."classId"::text as "classId", coalesce(p.proposed, 0) as proposed,
      coalesce(d.accepted, 0) as accepted, coalesce(d.corrected, 0) as corrected, coalesce(d.reclassed, 0) as reclassed, coalesce(d.rejected, 0) as rejected
    from (select model, "classId" from proposed union select model, "classId" from decided) c
    join "ModelVersion" m on m."id" = c.model
    left join proposed p on p.model = c.model and p."classId" = c."classId"
    left join decided d on d.model = c.model and d."classId" = c."classId"
    order by m."number" desc, c."classId"`;
}

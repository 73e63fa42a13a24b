-- What a worker can train with, as it says itself; null until it has.
ALTER TABLE "WorkerInstance" ADD COLUMN "abilities" JSONB;

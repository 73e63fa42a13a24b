-- Whether people label at present: the log's newest rows, found without reading the rest. A few bytes for a thousand rows.
CREATE INDEX "Operation_receivedAt_idx" ON "Operation" USING BRIN ("receivedAt");

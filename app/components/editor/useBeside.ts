'use client';
/** What is shown beside the open document: a model's proposals, other authors, the two sides of a comparison. */
import { useEffect, useMemo } from 'react';
import { useQueries, useQuery } from '@tanstack/react-query';
import { Proposals, scoreOf, type Editor, type Reference } from '@/lib/editor';
import { q } from '../../lib/queries';
import type { EditorAddress } from './address';
import { eq, type DocumentRow, type ItemDocuments } from './queries';
import { recall, rememberFor } from './runtime';

const DEFAULT_THRESHOLD = 0.5;

/** Keeps the proposals of the chosen model (else of the project's current one) in the editor, with the threshold chosen last. */
export function useProposals(editor: Editor, documents: ItemDocuments, enabled: boolean, chosen: string | null): void {
  const ofModels = enabled ? documents.others.filter((d) => d.author.kind === 'model') : [];
  const row = ofModels.find((d) => d.author.id === chosen) ?? ofModels.find((d) => d.current);
  const query = useQuery({ ...eq.document(row?.id ?? ''), enabled: row !== undefined });
  const annotations = row ? query.data?.annotations : undefined;
  const modelVersion = row?.author.id;
  const name = row?.author.name ?? '';
  const documentId = row?.id;
  useEffect(() => {
    if (!documentId || !modelVersion || !annotations) {
      editor.proposals.set(null);
      return;
    }
    const stored = Number(recall(editor.project, 'threshold') ?? NaN);
    const threshold = stored >= 0 && stored <= 1 ? stored : DEFAULT_THRESHOLD;
    const proposals = new Proposals({ documentId, modelVersion, name, annotations }, editor.session, threshold);
    const stop = proposals.threshold.subscribe(() => rememberFor(editor.project, 'threshold', String(proposals.threshold.get())));
    editor.proposals.set(proposals);
    return stop;
  }, [editor, documentId, modelVersion, name, annotations]);
}

export interface Side {
  mark: 'A' | 'B';
  name: string;
  /** Null: this author has no document of the item. */
  document: DocumentRow | null;
  /** Whether it is the document that is open. */
  open: boolean;
  /** A model's proposals below this score were left out of the comparison. */
  minScore: number;
}

/** The sides of the quality report that the page was opened from, or null. */
export function useComparison(address: EditorAddress, documents: ItemDocuments, openId: string): { a: Side; b: Side } | null {
  const report = useQuery({ ...q.qualityReport(address.compare ?? ''), enabled: address.compare !== null });
  return useMemo(() => {
    if (!report.data) return null;
    const all = [documents.team, ...(documents.mine ? [documents.mine] : []), ...documents.others];
    const side = (mark: 'A' | 'B', author: { kind: string; id: string | null; name: string }): Side => {
      const document = all.find((d) => d.author.kind === author.kind && d.author.id === author.id) ?? null;
      return { mark, name: author.name, document, open: document?.id === openId, minScore: author.kind === 'model' ? report.data.minScore : 0 };
    };
    return { a: side('A', report.data.a), b: side('B', report.data.b) };
  }, [report.data, documents, openId]);
}

export type Beside = Pick<Side, 'minScore'> & { document: DocumentRow; mark: Side['mark'] | null };

/** Loads the documents that are shown beside, and keeps which of them are switched on. */
export function useReferences(editor: Editor, wanted: readonly Beside[]): void {
  const loaded = useQueries({
    queries: wanted.map((w) => eq.document(w.document.id)),
    combine: (results) => results.map((r) => r.data),
  });
  useEffect(() => {
    const before = new Map(editor.references.get().map((r) => [r.documentId, r.visible]));
    const references = wanted.flatMap((w, i): Reference[] => {
      const annotations = loaded[i]?.annotations;
      return annotations ? [{ documentId: w.document.id, name: w.document.author.name, mark: w.mark, annotations: w.minScore > 0 ? annotations.filter((a) => scoreOf(a) >= w.minScore) : annotations, visible: before.get(w.document.id) ?? true }] : [];
    });
    editor.references.set(references);
  }, [editor, wanted, loaded]);
}

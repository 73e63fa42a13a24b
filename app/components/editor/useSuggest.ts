'use client';
/** Suggestions for the open image: a model of the project runs in this browser, and its proposals are kept like a worker's. */
import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState } from 'react';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { addressOf } from '@/lib/api/client';
import type { Editor } from '@/lib/editor';
import { browserBackends, type BrowserBackend, type PredictStage } from '@/models/browser/predict';
import { api } from '../../lib/api';
import { countOf, formatBytes } from '../../lib/format';
import { q, rowsOf, type Item, type Model } from '../../lib/queries';
import type { PanelName } from './context';
import { browserModels, modelInHand, recallHere, rememberHere } from './runtime';

/** As the worker's Pre-label has them when nobody says otherwise: the same model then proposes the same. */
const DEFAULTS = { minScore: 0.05, nmsIou: 0.5, limit: 100 };

export const backendTitles: Record<BrowserBackend, string> = { webgpu: 'WebGPU', webgl: 'WebGL', wasm: 'WASM', cpu: 'JavaScript' };

export type SuggestState =
  | { is: 'idle' }
  /** `fraction` null: how much is left is not known. */
  | { is: 'busy'; text: string; fraction: number | null }
  | { is: 'done'; text: string }
  | { is: 'failed'; message: string };

export interface Suggesting {
  state: SuggestState;
  models: readonly Model[];
  model: Model | null;
  choose(model: string): void;
  /** Why the chosen model cannot run here, or null. */
  obstacle: string | null;
  backend: BrowserBackend | null;
  setBackend(backend: BrowserBackend | null): void;
  run(): void;
  cancel(): void;
}

export const SuggestContext = createContext<Suggesting | null>(null);
export function useSuggesting(): Suggesting {
  const suggesting = useContext(SuggestContext);
  if (!suggesting) throw new Error('useSuggesting needs a SuggestContext above it');
  return suggesting;
}

/** What the row of a model tells before anything is loaded. */
function obstacleOf(model: Model): string | null {
  if (model.options['source'] === 'upload') return 'An uploaded ONNX model, which only the worker runs: use Pre-label on the Models page.';
  if (model.task === 'classify') return 'A classifier names the whole image and proposes no labels.';
  return null;
}

function stageText(stage: PredictStage, model: Model): SuggestState {
  switch (stage.stage) {
    case 'fetching':
      return { is: 'busy', text: `Loading the model: ${formatBytes(stage.bytes)} of ${formatBytes(model.bytes)}`, fraction: Math.min(1, stage.bytes / Math.max(1, model.bytes)) };
    case 'starting':
      return { is: 'busy', text: `Starting on ${backendTitles[stage.backend]}`, fraction: null };
    case 'running':
      return { is: 'busy', text: `Running on ${backendTitles[stage.backend]}`, fraction: null };
  }
}

interface Place {
  editor: Editor;
  item: Item;
  /** Whether the team's document is open: proposals are decided there. */
  isTeam: boolean;
  openPanel(panel: PanelName): void;
}

export function useSuggest({ editor, item, isTeam, openPanel }: Place): Suggesting {
  const client = useQueryClient();
  const query = useInfiniteQuery(q.models(item.project));
  const models = useMemo(() => rowsOf(query.data), [query.data]);
  const [chosen, setChosen] = useState<string | null>(() => modelInHand.get(item.project) ?? null);
  const model = models.find((m) => m.id === chosen) ?? models.find((m) => m.current) ?? models[0] ?? null;
  const [state, setState] = useState<SuggestState>({ is: 'idle' });
  const [backend, setBackend] = useState<BrowserBackend | null>(() => browserBackends.find((b) => b === recallHere('backend')) ?? null);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);
  const obstacle = model && obstacleOf(model);

  const run = async () => {
    openPanel('proposals');
    if (running.current) return editor.say('A model is at work on this image already.');
    if (editor.readOnly) return editor.say('You can look at these labels, but not change them.');
    if (!isTeam) return editor.say('Proposals are decided in the team’s document. Open that first.');
    if (item.status === 'done') return editor.say('This item is done. Open it again to have something proposed.');
    if (!model) return editor.say('This project has no model yet. Train one first.');
    if (obstacle) return setState({ is: 'failed', message: obstacle });
    const stop = (running.current = new AbortController());
    const show = (next: SuggestState) => !stop.signal.aborted && setState(next);
    show({ is: 'busy', text: 'Loading the model', fraction: null });
    try {
      const address = (path: string) => new URL(path, window.location.href).href;
      const card = addressOf('runModelFile', { params: { id: model.id, file: 'card.json' } });
      const { proposals, milliseconds, backend: used, width, height } = await browserModels.predict({
        model: model.id, files: address(card.slice(0, card.lastIndexOf('/'))), backend, ...DEFAULTS,
        image: address(addressOf('asset', { params: { project: item.project, hash: item.asset, rendition: 'display' } })),
      }, { signal: stop.signal, onProgress: (stage) => show(stageText(stage, model)) });
      if (width !== item.width || height !== item.height) throw new Error(`This browser reads the image as ${width} × ${height} pixels; it has ${item.width} × ${item.height}. Use Pre-label for it.`);
      show({ is: 'busy', text: 'Keeping the proposals', fraction: null });
      const { proposed } = await api.suggest({ params: { id: item.id }, body: { model: model.id, backend: used, proposals } });
      // The model's document may be new, or have changed; the panel shows it as soon as it is read.
      await Promise.all([client.invalidateQueries({ queryKey: ['item', item.id, 'documents'] }), client.invalidateQueries({ queryKey: ['document'] })]);
      show({ is: 'done', text: `${countOf(proposed, 'proposal')} by ${backendTitles[used]} in ${(milliseconds / 1000).toFixed(1)} s` });
    } catch (error) {
      show({ is: 'failed', message: error instanceof Error ? error.message : String(error) });
    } finally {
      if (running.current === stop) running.current = null;
    }
  };

  return {
    state, models, model, obstacle, backend,
    choose: useCallback((id: string) => {
      modelInHand.set(item.project, id);
      setChosen(id);
      setState({ is: 'idle' });
    }, [item.project]),
    setBackend: useCallback((next: BrowserBackend | null) => {
      rememberHere('backend', next ?? '');
      setBackend(next);
    }, []),
    run: () => void run(),
    cancel: useCallback(() => {
      running.current?.abort();
      running.current = null;
      setState({ is: 'idle' });
    }, []),
  };
}

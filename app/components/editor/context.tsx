'use client';
import { createContext, useContext } from 'react';
import type { Editor, EditorHost, EditorInput, Outbox } from '@/lib/editor';
import type { Item } from '../../lib/queries';
import type { DocumentRow } from './queries';

export type PanelName = 'objects' | 'proposals' | 'guide' | 'history';

/** What every part of the open page works with. */
export interface Workbench {
  editor: Editor;
  input: EditorInput;
  host: EditorHost;
  outbox: Outbox;
  item: Item;
  document: DocumentRow;
}

export const WorkbenchContext = createContext<Workbench | null>(null);

export function useWorkbench(): Workbench {
  const workbench = useContext(WorkbenchContext);
  if (!workbench) throw new Error('useWorkbench needs a Workbench above it');
  return workbench;
}

/** How this computer writes its modifier keys. */
export const isMac = typeof navigator !== 'undefined' && /Mac|iP(hone|ad)/.test(navigator.platform);

'use client';
import { useCallback, useEffect, useMemo, useRef, useState, type CSSProperties } from 'react';
import { useRouter } from 'next/navigation';
import { Alert } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { actionById, boundsOf, EditorInput, Stay, type Editor, type EditorHost, type Outbox } from '@/lib/editor';
import type { Item } from '../../lib/queries';
import type { EditorAddress } from './address';
import { Canvas } from './Canvas';
import { ClassBar } from './ClassBar';
import { ClassPicker } from './ClassPicker';
import { Comparison } from './Comparison';
import { WorkbenchContext, type PanelName, type Workbench } from './context';
import { DoneDialog } from './DoneDialog';
import classes from './Editor.module.css';
import { HelpDialog } from './HelpDialog';
import { eq, type DocumentRow, type ItemDocuments, type Neighbours } from './queries';
import { PanelEdge, usePanelWidth } from './PanelEdge';
import { recall, rememberFor } from './runtime';
import { SidePanel } from './SidePanel';
import { ToolRail } from './ToolRail';
import { TopBar } from './TopBar';
import { useComparison, useProposals, useReferences, type Beside } from './useBeside';
import { useCanvasKeys } from './useCanvasKeys';
import { useDisagreements } from './useDisagreements';
import { useFinish } from './useFinish';
import { SuggestContext, useSuggest } from './useSuggest';

interface Props {
  editor: Editor;
  outbox: Outbox;
  item: Item;
  row: DocumentRow;
  documents: ItemDocuments;
  neighbours: Neighbours | undefined;
  address: EditorAddress;
  goTo: (item: string) => void;
}

export function WorkbenchView({ editor, outbox, item, row, documents, neighbours, address, goTo: goToItem }: Props) {
  const router = useRouter();
  const client = useQueryClient();
  const stay = useStay();
  const canvas = useRef<HTMLDivElement>(null);
  const [help, setHelp] = useState(false);
  const [picking, setPicking] = useState(false);
  const [panel, setPanel] = usePanel(item.project);
  const [panelWidth, setPanelWidth] = usePanelWidth();
  const { project, filter, filterText, compare } = address;
  const disagreements = useDisagreements(address);

  const goTo = (id: string) => {
    stay.leave();
    goToItem(id);
  };
  const back = useCallback(() => {
    stay.leave();
    router.push(compare ? `/projects/${project}/quality?report=${compare}` : `/projects/${project}${filterText ? `?${filterText}` : ''}`);
  }, [stay, router, project, compare, filterText]);
  const go = (id: string | null | undefined, none: string) => (id ? goTo(id) : editor.say(none));
  const goDisagreement = (href: string | null, none: string) => {
    if (!href) return editor.say(none);
    stay.leave();
    window.history.pushState(null, '', href);
  };
  const finish = useFinish({ editor, outbox, item, stay, goTo, next: async () => (await client.fetchQuery(eq.neighbours(item.id, filter))).nextOpen });

  const suggest = useSuggest({ editor, item, isTeam: row.id === documents.team.id, openPanel: setPanel });

  // The registry's actions ask this page for what reaches beyond the canvas; it always answers as it is now.
  const now = useRef<EditorHost>(null);
  useEffect(() => {
    now.current = {
      go: (direction) => disagreements ? goDisagreement(direction === 1 ? disagreements.next : disagreements.previous, direction === 1 ? 'This is the last disagreement.' : 'This is the first disagreement.') : go(direction === 1 ? neighbours?.next : neighbours?.previous, direction === 1 ? 'This is the last item of the list.' : 'This is the first item of the list.'),
      goNextOpen: () => go(neighbours?.nextOpen, 'No other item of the list is open.'),
      finish: finish.finish, back, suggest: suggest.run, openHelp: () => setHelp(true), openClasses: () => setPicking(true), openPanel: setPanel,
    };
  });
  const host = useMemo<EditorHost>(() => ({
    go: (direction) => now.current?.go(direction), goNextOpen: () => now.current?.goNextOpen(), finish: () => now.current?.finish(),
    back: () => now.current?.back(), suggest: () => now.current?.suggest(), openHelp: () => now.current?.openHelp(), openClasses: () => now.current?.openClasses(), openPanel: (name) => now.current?.openPanel(name),
  }), []);
  const input = useMemo(() => new EditorInput(editor, host), [editor, host]);
  const workbench = useMemo<Workbench>(() => ({ editor, input, host, outbox, item, document: row }), [editor, input, host, outbox, item, row]);
  useCanvasKeys(input, canvas);
  useLeaving(editor);
  useOpeningPlace(editor, address);
  useEffect(() => canvas.current?.focus({ preventScroll: true }), [editor]);

  const comparison = useComparison(address, documents, row.id);
  useProposals(editor, documents, address.compare === null && row.id === documents.team.id && item.status !== 'done', suggest.model?.id ?? null);
  const beside = useMemo((): Beside[] => {
    const sides = comparison ? [comparison.a, comparison.b].flatMap((s) => (s.document && !s.open ? [{ document: s.document, mark: s.mark, minScore: s.minScore }] : [])) : [];
    const other = documents.others.find((d) => d.id === address.document);
    return other && !sides.some((s) => s.document.id === other.id) ? [...sides, { document: other, mark: null, minScore: 0 }] : sides;
  }, [comparison, documents.others, address.document]);
  useReferences(editor, beside);

  return (
    <WorkbenchContext.Provider value={workbench}>
      <div className={classes.page} style={{ '--fm-side': `${panelWidth}px` } as CSSProperties}>
        <TopBar steps={disagreements ?? neighbours} ofReport={disagreements !== null} documents={documents} finishing={finish.busy} />
        <ToolRail />
        <main className={classes.stage}>
          <Canvas canvasRef={canvas}>
            <div className={classes.legend}>
              {comparison && <Comparison a={comparison.a} b={comparison.b} />}
              {item.deletedAt && <Alert color="gray" p={8} title="In the trash">This item can be looked at. Restore it to change its labels.</Alert>}
            </div>
          </Canvas>
          <ClassBar />
        </main>
        <SuggestContext.Provider value={suggest}>
          <SidePanel panel={panel} onChange={setPanel}><PanelEdge width={panelWidth} onChange={setPanelWidth} /></SidePanel>
        </SuggestContext.Provider>
      </div>
      <ClassPicker opened={picking} onClose={() => setPicking(false)} />
      <HelpDialog opened={help} onClose={() => setHelp(false)} />
      <DoneDialog
        undecided={finish.undecided} threshold={finish.threshold} onReject={finish.rejectRest} onClose={finish.close}
        onReview={() => {
          finish.close();
          setPanel('proposals');
          actionById('proposal.next').perform({ editor, host });
        }}
      />
    </WorkbenchContext.Provider>
  );
}

const panelNames: readonly PanelName[] = ['objects', 'proposals', 'guide', 'history'];
function usePanel(project: string): [PanelName, (panel: PanelName) => void] {
  const [panel, set] = useState<PanelName>(() => panelNames.find((p) => p === recall(project, 'panel')) ?? 'objects');
  return [panel, useCallback((next: PanelName) => {
    set(next);
    rememberFor(project, 'panel', next);
  }, [project])];
}

/** The stay at this item; it ends by a link, by the browser's way back, and with the page. */
function useStay(): Stay {
  const [stay] = useState(() => new Stay());
  useEffect(() => {
    const leave = () => stay.leave();
    const click = (event: MouseEvent) => {
      if ((event.target as Element | null)?.closest?.('a[href]:not([target="_blank"], [download])')) leave();
    };
    document.addEventListener('click', click, true);
    window.addEventListener('popstate', leave);
    return () => {
      leave();
      document.removeEventListener('click', click, true);
      window.removeEventListener('popstate', leave);
    };
  }, [stay]);
  return stay;
}

/** Asks before the page is left while something is in no journal yet: that takes milliseconds, or means trouble. */
function useLeaving(editor: Editor): void {
  useEffect(() => {
    const leaving = (event: BeforeUnloadEvent) => {
      const { state } = editor.session.save.get();
      if (state === 'saving' || state === 'failed') event.preventDefault();
    };
    window.addEventListener('beforeunload', leaving);
    return () => window.removeEventListener('beforeunload', leaving);
  }, [editor]);
}

/** Opens at the annotation or the place that the address names. */
function useOpeningPlace(editor: Editor, { annotation, place }: EditorAddress): void {
  useEffect(() => {
    const named = annotation ? editor.document.get(annotation) : undefined;
    if (named) editor.select([named.id]);
    const bounds = place ?? (named ? boundsOf(named.geometry) : null);
    if (bounds) editor.openAt(bounds);
  }, [editor, annotation, place]);
}

'use client';
import { useState } from 'react';
import { Button, Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { IconArrowBackUp } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { findClass, type LabelSchema } from '@/lib/core/labels';
import type { Operation } from '@/lib/core/ops';
import type { EditorDocument } from '@/lib/editor';
import { api } from '../../lib/api';
import { countOf } from '../../lib/format';
import { useAction } from '../../lib/useAction';
import { RelativeTime } from '../common/RelativeTime';
import { Loaded } from '../common/States';
import { useWorkbench } from './context';
import classes from './Editor.module.css';
import { eq } from './queries';
import { useSignal } from './useSignal';

const PAGE = 100;
const names: Record<string, string> = {
  draw: 'Drew', move: 'Moved', resize: 'Resized', nudge: 'Moved', 'move-point': 'Moved a landmark of', 'place-point': 'Placed a landmark of', 'unplace-point': 'Took back a landmark of', visibility: 'Changed visibility in',
  delete: 'Deleted', paint: 'Painted', erase: 'Erased from', reclass: 'Changed the class of', flag: 'Flagged', attribute: 'Set an attribute of', paste: 'Pasted', duplicate: 'Duplicated',
  accept: 'Accepted', reject: 'Rejected', undo: 'Took back', redo: 'Did again', import: 'Imported', restore: 'Restored', prelabel: 'Proposed',
};

/** What an operation did, in words. */
export function describeOperation(op: Operation, schema: LabelSchema, document: EditorDocument): string {
  const verb = names[op.type.replace(/-more$/, '')] ?? op.type;
  const shapes = op.changes.filter((c) => c.kind !== 'decide');
  const decided = op.changes.length - shapes.length;
  const classIds = new Set(shapes.map((c) => {
    if (c.kind === 'create') return c.after.classId;
    if (c.kind === 'delete') return c.before.classId;
    return (c.kind === 'update' && c.after.classId) || (document.get(c.annotation) ?? document.state.deleted.get(c.annotation))?.classId;
  }));
  const only = classIds.size === 1 ? findClass(schema, [...classIds][0] ?? '')?.name : undefined;
  if (shapes.length === 0) return `${verb} ${countOf(decided, 'proposal')}`;
  return shapes.length === 1 ? `${verb} ${only ?? 'an object'}` : `${verb} ${countOf(shapes.length, 'object')}${only ? ` of ${only}` : ''}`;
}

export function HistoryPanel() {
  const { editor } = useWorkbench();
  const [view, setView] = useState<'log' | 'conflicts'>('log');
  const conflicts = useQuery(eq.conflicts(editor.session.documentId));
  const open = conflicts.data?.items.filter((c) => !c.restoredAt).length ?? 0;
  return (
    <div className={classes.panel}>
      <SegmentedControl m={8} value={view} onChange={(value) => setView(value as 'log' | 'conflicts')} data={[{ value: 'log', label: 'What happened' }, { value: 'conflicts', label: open > 0 ? `Replaced values (${open})` : 'Replaced values' }]} />
      <div className={classes.scroll}>{view === 'log' ? <Log /> : <Conflicts />}</div>
    </div>
  );
}

function Log() {
  const { editor } = useWorkbench();
  useSignal(editor.documentVersion);
  useSignal(editor.session.save);
  const schema = useSignal(editor.schema);
  const [pages, setPages] = useState(1);
  const { session } = editor;
  const query = useQuery({ ...eq.history(session.documentId, Math.max(0, session.seq - PAGE * pages)), placeholderData: (before) => before });
  const waiting = [...session.unconfirmed].reverse();
  return (
    <Loaded query={query} what="The history">
      {({ operations }) => {
        // The later pieces of a long stroke belong to its first.
        const rows = operations.filter((r) => !r.operation.type.endsWith('-more')).reverse();
        if (rows.length === 0 && waiting.length === 0) return <Text size="sm" c="dimmed" p={12}>Nothing has happened here yet.</Text>;
        return (
          <Stack gap={0} role="list" aria-label="History">
            {waiting.map((op) => <Entry key={op.id} what={describeOperation(op, schema, editor.document)} by="You, not sent yet" at={op.at} />)}
            {rows.filter((r) => !session.unconfirmed.some((p) => p.id === r.operation.id)).map((r) => <Entry key={r.seq} what={describeOperation(r.operation, schema, editor.document)} by={r.by.name} at={r.operation.at} />)}
            {(operations[0]?.seq ?? 0) > 1 && <Button variant="subtle" m={8} onClick={() => setPages((p) => p + 1)}>Earlier</Button>}
          </Stack>
        );
      }}
    </Loaded>
  );
}

function Entry({ what, by, at }: { what: string; by: string; at: string }) {
  return (
    <Group role="listitem" justify="space-between" wrap="nowrap" gap={8} px={10} py={4} style={{ borderBottom: '1px solid var(--fm-line)' }}>
      <Text size="sm" lineClamp={2}>{what}</Text>
      <Text size="xs" c="dimmed" ta="right" style={{ whiteSpace: 'nowrap' }}>{by}<br /><RelativeTime at={at} /></Text>
    </Group>
  );
}

function Conflicts() {
  const { editor } = useWorkbench();
  const schema = useSignal(editor.schema);
  const { documentId } = editor.session;
  const query = useQuery(eq.conflicts(documentId));
  const restore = useAction({
    run: (id: string) => api.restoreConflict({ params: { id } }), failed: 'The value was not put back', done: 'The value was put back.',
    invalidates: () => [['document', documentId]], onDone: () => void editor.session.changed(),
  });
  const fieldName = (field: string) => {
    if (field === '*') return 'the whole object';
    if (field === 'classId') return 'class';
    if (!field.startsWith('attributes.')) return field;
    return schema.classes.flatMap((c) => c.attributes).find((a) => a.id === field.slice(11))?.name ?? 'an attribute';
  };
  return (
    <Loaded query={query} what="The list of replaced values">
      {({ items }) => items.length === 0 ? <Text size="sm" c="dimmed" p={12}>When two people change the same thing at once, the later wins. What was replaced would stand here, to be put back.</Text> : (
        <Stack gap={0} role="list" aria-label="Replaced values">
          {items.map((c) => {
            const a = editor.document.get(c.annotation);
            return (
              <Group key={c.id} role="listitem" justify="space-between" wrap="nowrap" gap={8} px={10} py={6} style={{ borderBottom: '1px solid var(--fm-line)' }} onMouseEnter={() => a && editor.hover.set(a.id)} onMouseLeave={() => editor.hover.set(null)}>
                <div>
                  <Text size="sm">{fieldName(c.field)} of {a ? (findClass(schema, a.classId)?.name ?? 'an object') : 'a deleted object'}</Text>
                  <Text size="xs" c="dimmed">replaced {c.by ? `by ${c.by} ` : ''}<RelativeTime at={c.at} /></Text>
                </div>
                {c.restoredAt ? <Text size="xs" c="dimmed">put back</Text> : <Button variant="subtle" leftSection={<IconArrowBackUp size={14} aria-hidden />} disabled={editor.readOnly} loading={restore.isPending && restore.variables === c.id} onClick={() => restore.mutate(c.id)}>Restore</Button>}
              </Group>
            );
          })}
        </Stack>
      )}
    </Loaded>
  );
}

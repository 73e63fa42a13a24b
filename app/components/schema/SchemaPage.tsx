'use client';
import { useCallback, useEffect, useState } from 'react';
import { useRouter } from 'next/navigation';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, Button, Group, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconGitMerge, IconHistory, IconTags } from '@tabler/icons-react';
import { api, describeError, isCode, notifyDone, notifyError } from '../../lib/api';
import { countOf } from '../../lib/format';
import { q, type SchemaVersion } from '../../lib/queries';
import { addClass, draftOf, faultsOf, isChanged, nextHotkey, pathInWords, rebase, schemaOf, type SchemaDraft } from '../../lib/schemaDraft';
import { reservedKeys } from '../../lib/reservedKeys';
import { drafts, useUnsaved } from '../../lib/unsaved';
import { useAction } from '../../lib/useAction';
import { useProjectId } from '../../lib/useProjectId';
import { ActionButton } from '../common/ActionButton';
import { PageHeader } from '../common/PageHeader';
import { RelativeTime } from '../common/RelativeTime';
import { useMay } from '../common/session';
import { EmptyState, Loaded } from '../common/States';
import { ClassEditor } from './ClassEditor';
import { ClassList } from './ClassList';
import { SchemaHistory } from './SchemaHistory';
import classes from './SchemaPage.module.css';

export function SchemaPage() {
  const project = useProjectId();
  const query = useQuery(q.schema(project));
  return <Loaded query={query} what="The label schema">{(version) => <Editor key={project} project={project} newest={version} />}</Loaded>;
}

function firstDraft(project: string, newest: SchemaVersion): SchemaDraft {
  const kept = drafts.read<SchemaDraft>(`schema.${project}`);
  if (!kept) return draftOf(newest);
  return kept.base === newest.version ? kept : rebase(kept, newest);
}

function Editor({ project, newest }: { project: string; newest: SchemaVersion }) {
  const router = useRouter();
  const client = useQueryClient();
  const may = useMay('project.manage');
  const use = useQuery(q.classUse(project));
  const [draft, setDraft] = useState(() => firstDraft(project, newest));
  const [selected, setSelected] = useState<string | null>(draft.classes[0]?.id ?? null);
  const [tried, setTried] = useState(false);
  const [history, { open, close }] = useDisclosure(false);
  const changed = isChanged(draft);
  const faults = faultsOf(draft);
  // Another person's version comes in by itself as long as there is nothing of one's own.
  if (!changed && draft.base !== newest.version) setDraft(draftOf(newest));
  useEffect(() => {
    if (changed) drafts.keep(`schema.${project}`, draft);
    else drafts.drop(`schema.${project}`);
  }, [changed, draft, project]);
  const go = useCallback((href: string) => {
    drafts.drop(`schema.${project}`);
    router.push(href);
  }, [router, project]);
  useUnsaved(changed, 'The label schema', go);

  const save = useAction<void, SchemaVersion>({
    run: () => api.saveSchema({ params: { project }, body: { base: draft.base, schema: schemaOf(draft), removals: draft.removals } }), failed: null,
    invalidates: () => [['project', project], ['item', 'list', project]],
    onDone: (version) => {
      client.setQueryData(q.schema(project).queryKey, version);
      setDraft(draftOf(version));
      setTried(false);
      notifyDone(`Version ${version.version} of the label schema is saved.`);
    },
    onFailed: (error) => {
      if (isCode(error, 'conflict') || isCode(error, 'precondition-failed')) void client.invalidateQueries({ queryKey: ['project', project, 'schema'] });
      notifyError('The label schema was not saved', error);
    },
  });
  const trySave = () => {
    setTried(true);
    const first = faults[0];
    if (first) {
      if (first.classId) setSelected(first.classId);
      return;
    }
    save.mutate();
  };
  const add = (name?: string) => {
    const next = addClass(draft, { name, kind: draft.classes.at(-1)?.kind ?? 'box', hotkey: nextHotkey(draft.classes, reservedKeys) });
    setDraft(next);
    setSelected(next.classes.at(-1)!.id);
  };
  const current = draft.classes.find((c) => c.id === selected) ?? draft.classes[0] ?? null;
  const overtaken = changed && newest.version > draft.base;

  return (
    <>
      <div className={classes.bar}>
        <PageHeader
          title="Label schema"
          actions={<>
            <Button variant="subtle" color="gray" leftSection={<IconHistory size={15} aria-hidden />} onClick={open}>Version {newest.version}</Button>
            {changed && <Button onClick={() => { setDraft(draftOf(newest)); setTried(false); }}>Discard changes</Button>}
            <ActionButton permission="project.manage" variant="filled" blocked={!changed && 'Nothing has changed.'} loading={save.isPending} onClick={trySave}>Save</ActionButton>
          </>}
        >
          The classes that labels can have. Renaming changes no label. {newest.createdBy && <>Version {newest.version} by {newest.createdBy}, <RelativeTime at={newest.createdAt} />.</>}
        </PageHeader>
        {overtaken && (
          <Alert color="yellow" icon={<IconGitMerge size={18} aria-hidden />} title={`Version ${newest.version} was saved meanwhile${newest.createdBy ? ` by ${newest.createdBy}` : ''}`} mb="xs">
            <Group justify="space-between" gap="xs">
              <Text size="sm">Your changes are on version {draft.base}. Take the newer version in; where both changed the same class, yours stays.</Text>
              <Button onClick={() => setDraft(rebase(draft, newest))}>Take it in</Button>
            </Group>
          </Alert>
        )}
        {tried && faults.length > 0 && (
          <Alert color="red" mb="xs" role="alert" p="xs">
            <Text size="sm">Not saved yet: {countOf(faults.length, 'thing')} to mend. {faults.slice(0, 3).map((f) => `${draft.classes.find((c) => c.id === f.classId)?.name || 'a class without a name'}: ${pathInWords(f.path)} ${f.message}`).join('; ')}.</Text>
          </Alert>
        )}
        {save.error && !save.isPending && changed && <Alert color="red" mb="xs" p="xs"><Text size="sm">{describeError(save.error)}</Text></Alert>}
      </div>
      {draft.classes.length === 0 ? (
        <EmptyState icon={<IconTags size={44} stroke={1.2} />} title="No classes yet" actions={<ActionButton permission="project.manage" variant="filled" onClick={() => add()}>Add the first class</ActionButton>}>
          A class says what a label is and how it is drawn: as a box, as a mask of pixels, or as landmarks, which are named points in a fixed order.
        </EmptyState>
      ) : (
        <div className={classes.layout}>
          <ClassList draft={draft} selected={current?.id ?? null} onSelect={setSelected} onDraft={setDraft} onAdd={add} use={use.data?.classes} faults={faults} showFaults={tried} editable={may.allowed} />
          {current && <ClassEditor key={current.id} draft={draft} cls={current} onDraft={setDraft} use={use.data?.classes.find((u) => u.classId === current.id)} useKnown={use.isSuccess} faults={faults.filter((f) => f.classId === current.id)} showFaults={tried} editable={may.allowed} onRemoved={() => setSelected(null)} />}
        </div>
      )}
      <SchemaHistory project={project} newest={newest.version} opened={history} onClose={close} />
    </>
  );
}

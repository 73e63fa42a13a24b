'use client';
import { useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Alert, Checkbox, Group, Paper, Select, Stack, Text } from '@mantine/core';
import { IconScale } from '@tabler/icons-react';
import type { Contract } from '@/lib/api/contract';
import type { CallInput } from '@/lib/api/route';
import { api } from '../../lib/api';
import { countOf } from '../../lib/format';
import { q, type AuthorRow, type QualityReport } from '../../lib/queries';
import { useAction } from '../../lib/useAction';
import { ActionButton } from '../common/ActionButton';
import { NumberField } from '../common/NumberField';
import { Loaded, RowsSkeleton } from '../common/States';

const kinds: Record<AuthorRow['kind'], string> = { team: 'Team', person: 'People', model: 'Models', truth: 'Ground truth', import: 'Imports', consensus: 'Consensus' };
const keyOf = (a: { kind: string; id: string | null }) => `${a.kind}:${a.id ?? ''}`;
type Key = string | null;
type CompareBody = CallInput<Contract['compare']>['body'];

/** The pair that says most at first sight: ground truth or the team as reference, a model or person against it. */
function firstPair(authors: AuthorRow[]): [Key, Key] {
  const of = (...k: AuthorRow['kind'][]) => authors.filter((a) => k.includes(a.kind));
  const reference = of('truth')[0] ?? of('team')[0] ?? authors[0];
  const other = [...of('model'), ...of('team', 'person', 'import', 'consensus')].find((a) => reference && keyOf(a) !== keyOf(reference));
  return [reference ? keyOf(reference) : null, other ? keyOf(other) : null];
}

export function CompareForm({ project, onStarted }: { project: string; onStarted: (id: string) => void }) {
  const query = useQuery(q.authors(project));
  return <Paper p="md" mb="lg"><Loaded query={query} what="The authors" skeleton={<RowsSkeleton rows={2} />}>{({ authors }) => <Form project={project} authors={authors} onStarted={onStarted} />}</Loaded></Paper>;
}

function Form({ project, authors, onStarted }: { project: string; authors: AuthorRow[]; onStarted: (id: string) => void }) {
  const [firstA, firstB] = firstPair(authors);
  const [keyA, setA] = useState<Key>(null);
  const [keyB, setB] = useState<Key>(null);
  const [iou, setIou] = useState(0.5);
  const [minScore, setScore] = useState(0.5);
  const [doneOnly, setDone] = useState(true);
  const [split, setSplit] = useState<string | null>(null);
  const find = (key: Key) => authors.find((x) => keyOf(x) === key);
  const a = find(keyA ?? firstA);
  const b = find(keyB ?? firstB);
  const body = (): CompareBody => ({ a: { kind: a!.kind, id: a!.id }, b: { kind: b!.kind, id: b!.id }, iou, minScore, doneOnly, split: split === 'train' || split === 'val' || split === 'test' ? split : null });
  const compare = useAction<CompareBody, QualityReport>({
    run: (input, idempotencyKey) => api.compare({ params: { project }, body: input }, { idempotencyKey }),
    failed: 'The comparison did not start', invalidates: () => [['quality', 'list', project], ['job', 'list', project]], onDone: (report) => onStarted(report.id),
  });
  if (authors.length < 2) {
    return <Text size="sm" c="dimmed">There is {authors.length === 0 ? 'no author' : `only one author, ${authors[0]!.name},`} yet. A second one comes from pre-labelling all images by a model, from an import kept as a document of its own, or from people who label the same images in documents of their own.</Text>;
  }
  const groups = (Object.keys(kinds) as AuthorRow['kind'][]).map((kind) => ({ group: kinds[kind], items: authors.filter((x) => x.kind === kind).map((x) => ({ value: keyOf(x), label: `${x.name} (${countOf(x.documents, 'image')})` })) })).filter((g) => g.items.length);
  const same = a && b && keyOf(a) === keyOf(b);
  const model = a?.kind === 'model' || b?.kind === 'model';
  return (
    <form onSubmit={(e) => { e.preventDefault(); compare.mutate(body()); }}>
      <Stack gap="sm">
        <Group align="flex-start" gap="md">
          <Select label="Reference" description="What counts as right" w={240} value={a ? keyOf(a) : null} onChange={setA} data={groups} />
          <Select label="Measured" description="Precision and recall are of this one" w={240} value={b ? keyOf(b) : null} onChange={setB} data={groups} error={same ? 'The same as the reference' : null} />
          <NumberField label="Match from IoU" description="0.5 is usual" w={130} min={0.05} max={1} step={0.05} decimalScale={2} value={iou} onChange={setIou} />
          {model && <NumberField label="Model score from" description="Others are left out" w={150} min={0} max={1} step={0.05} decimalScale={2} value={minScore} onChange={setScore} />}
          <Select label="Split" description="Of the images" w={130} clearable placeholder="All" value={split} onChange={setSplit} data={[{ value: 'train', label: 'Train' }, { value: 'val', label: 'Validation' }, { value: 'test', label: 'Test' }]} />
        </Group>
        {model && split !== 'test' && split !== 'val' && <Alert color="yellow" p="xs"><Text size="xs">A model looks better on images it was trained on. Choose the test split for a fair figure.</Text></Alert>}
        <Group gap="md">
          <ActionButton type="submit" permission="review" variant="filled" leftSection={<IconScale size={15} aria-hidden />} blocked={(!a || !b) ? 'Choose two authors.' : same && 'Choose two different authors.'} loading={compare.isPending}>Compare</ActionButton>
          <Checkbox label="Done images only" checked={doneOnly} onChange={(e) => setDone(e.currentTarget.checked)} />
        </Group>
      </Stack>
    </form>
  );
}

'use client';
import { useMemo, useState } from 'react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Accordion, Alert, Button, Group, Modal, MultiSelect, Radio, SegmentedControl, Select, Slider, Stack, Text } from '@mantine/core';
import type { Contract } from '@/lib/api/contract';
import type { CallInput } from '@/lib/api/route';
import type { Viewing } from '@/lib/core/labels';
import { api } from '../../lib/api';
import { countOf } from '../../lib/format';
import { headline } from '../../lib/metrics';
import { q, rowsOf, type Model } from '../../lib/queries';
import { suggestedThreshold } from '../../lib/scores';
import { useAction } from '../../lib/useAction';
import { NumberField } from '../common/NumberField';
import { ViewingEffect } from './ViewingsView';

type PrelabelBody = CallInput<Contract['prelabel']>['body'];
interface Props { project: string; opened: boolean; onClose: () => void; model?: string; items?: string[] }

const headlineOf = (m: Parameters<typeof headline>[0]) => {
  const best = headline(m);
  return best ? `${best.title} ${best.value}` : 'not measured';
};

/** Which limits matter: one object an image, or one of each class, needs none; among masks none is dropped for its overlap. */
function limitsOf({ task, options }: Model): { overlap: boolean; most: boolean } {
  const finds = task === 'detect' || (task === 'landmarks' && options['source'] !== undefined);
  return { overlap: finds || (task === 'segment' && options['source'] !== undefined), most: finds || task === 'segment' };
}

/** Which images a model makes proposals for, and how many it may make. */
export function PrelabelDialog(props: Props) {
  return <Modal opened={props.opened} onClose={props.onClose} title="Pre-label by a model" size="lg"><Form {...props} /></Modal>;
}

function Form({ project, onClose, model, items }: Props) {
  const models = rowsOf(useInfiniteQuery(q.models(project)).data);
  const [chosen, setChosen] = useState<string | null>(model ?? null);
  const used = chosen ?? models.find((m) => m.current)?.id ?? models[0]?.id ?? null;
  const [scope, setScope] = useState(items ? 'items' : 'open');
  const [minScore, setMinScore] = useState(0.05);
  const [nmsIou, setNmsIou] = useState<number>(0.5);
  const [maxPerImage, setMax] = useState<number>(100);
  const [viewing, setViewing] = useState<Viewing>('once');
  const [vote, setVote] = useState<string[]>([]);
  const current = models.find((m) => m.id === used);
  // The server refuses others: outputs of different classes, or of another form, cannot be averaged.
  const voters = models.filter((m) => current && m.id !== used && m.task === current.task && current.ballot !== null && m.ballot === current.ballot && m.classes?.join() === current.classes?.join());
  const measured = useQuery({ ...q.evaluation(used ?? ''), enabled: used !== null }).data?.splits;
  const suggested = useMemo(() => suggestedThreshold(Object.values((measured?.test ?? measured?.val)?.curves ?? {})), [measured]);
  const uses = current ? limitsOf(current) : { overlap: false, most: false };
  const body = (): PrelabelBody => ({
    model: used, minScore, viewing, ...(uses.overlap && { nmsIou }), ...(uses.most && { maxPerImage }), vote: vote.filter((id) => voters.some((m) => m.id === id)),
    scope: scope === 'items' ? { kind: 'items', items: items ?? [] } : scope === 'train' || scope === 'val' || scope === 'test' ? { kind: 'split', split: scope } : scope === 'all' ? { kind: 'all' } : { kind: 'open' },
  });
  const start = useAction<PrelabelBody>({
    run: (input, idempotencyKey) => api.prelabel({ params: { project }, body: input }, { idempotencyKey }),
    failed: 'Pre-labelling did not start', done: 'Pre-labelling has begun; its progress is at the top right.',
    invalidates: () => [['job', 'list', project]], onDone: onClose,
  });
  if (models.length === 0) {
    return (
      <Stack gap="sm">
        <Text size="sm">There is no model yet. Mark some images done, then train one on the training page.</Text>
        <Group justify="flex-end"><Button onClick={onClose}>Close</Button></Group>
      </Stack>
    );
  }
  return (
    <form onSubmit={(e) => { e.preventDefault(); start.mutate(body()); }}>
      <Stack gap="md">
        <Select label="Model" value={used} onChange={setChosen} data={models.map((m) => ({ value: m.id, label: `${m.name === `Model ${m.number}` ? m.name : `Model ${m.number} “${m.name}”`}${m.current ? ' (current)' : ''} · ${headlineOf(m)}` }))} />
        {current && !current.current && <Alert color="yellow" p="xs"><Text size="xs">Labellers see the proposals of the current model only. Promote this one to show its proposals.</Text></Alert>}
        <Radio.Group label="For which images" value={scope} onChange={setScope}>
          <Stack gap={6} mt={6}>
            {items && <Radio value="items" label={`The ${countOf(items.length, 'chosen image')}`} />}
            <Radio value="open" label="Images that are open or in work" />
            <Radio value="all" label="All images, also done ones" description="To compare the model with people on the quality page" />
            <Group gap="md"><Text size="xs" c="dimmed">All images of one split:</Text><Radio value="train" label="train" /><Radio value="val" label="validation" /><Radio value="test" label="test" /></Group>
          </Stack>
        </Radio.Group>
        <div>
          <Text size="xs" fw={500}>Keep proposals with a score of at least {minScore.toFixed(2)}</Text>
          <Text size="xs" c="dimmed" mb={4}>Keep this low: the threshold slider of the labelling page hides what is below it.{suggested && ` For the slider, ${suggested.score.toFixed(2)} is where this model is most often right and complete.`}</Text>
          <Slider min={0.01} max={0.9} step={0.01} value={minScore} onChange={setMinScore} thumbLabel="Lowest score" label={(v) => v.toFixed(2)} />
        </div>
        <div>
          <Text size="xs" fw={500} mb={4}>Accuracy over speed</Text>
          <SegmentedControl fullWidth aria-label="How often the model looks at an image" value={viewing} onChange={(v) => setViewing(v as Viewing)} data={[{ value: 'once', label: 'One look' }, { value: 'flip', label: 'Also mirrored, 2 × the time' }, { value: 'ten-crop', label: 'Ten crops, 10 × the time' }]} />
          {current && <ViewingEffect key={current.id} model={current} viewing={viewing} vote={body().vote ?? []} />}
        </div>
        {(voters.length > 0 || uses.overlap || uses.most) && <Accordion variant="contained">
          <Accordion.Item value="more">
            <Accordion.Control><Text size="xs">More settings</Text></Accordion.Control>
            <Accordion.Panel>
              {current?.ballot === null && <Text size="xs" c="dimmed" mb="sm">This model looks again at each object that it found: it cannot vote with others.</Text>}
              {voters.length > 0 && <MultiSelect mb="sm" label="Vote with" description="Further models that learned the same classes; their outputs are averaged, and each takes its time" value={vote} onChange={setVote} data={voters.map((m) => ({ value: m.id, label: `Model ${m.number} · ${headlineOf(m)}` }))} />}
              <Group grow align="flex-start">
                {uses.overlap && <NumberField label="Overlap that merges" description="IoU above which the weaker of two boxes of one class is dropped" min={0} max={1} step={0.05} decimalScale={2} value={nmsIou} onChange={setNmsIou} />}
                {uses.most && <NumberField label="Most per image" description="The best ones are kept" min={1} max={1000} value={maxPerImage} allowDecimal={false} onChange={setMax} />}
              </Group>
            </Accordion.Panel>
          </Accordion.Item>
        </Accordion>}
        <Group justify="flex-end" gap="xs">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="filled" loading={start.isPending}>Pre-label</Button>
        </Group>
      </Stack>
    </form>
  );
}

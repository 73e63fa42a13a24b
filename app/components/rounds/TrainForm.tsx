'use client';
import { useState } from 'react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Accordion, Badge, Button, Collapse, Group, Paper, SegmentedControl, Select, Stack, Text, TextInput } from '@mantine/core';
import { IconCpu } from '@tabler/icons-react';
import type { AugmentOverride } from '@/lib/core/augmentation';
import type { Contract } from '@/lib/api/contract';
import type { CallInput } from '@/lib/api/route';
import { annotationKindOf, projectTasks } from '@/lib/core/labels';
import { api } from '../../lib/api';
import { countOf, formatCount } from '../../lib/format';
import { taskTexts } from '../../lib/metrics';
import { q, rowsOf } from '../../lib/queries';
import { useAction } from '../../lib/useAction';
import { ActionButton } from '../common/ActionButton';
import { NumberField } from '../common/NumberField';
import { AugmentationFields } from './AugmentationFields';
import { defaultNetwork, networkFault, NetworkFields, type NetworkChoice } from './NetworkFields';

interface Props { project: string; version: string | null; running: boolean; onStarted: (job: string) => void }

const NEW = 'new';
type TrainBody = CallInput<Contract['train']>['body'];

export function TrainForm({ project, version, running, onStarted }: Props) {
  const versions = rowsOf(useInfiniteQuery(q.versions(project)).data).filter((v) => v.state !== 'failed');
  const counts = useQuery(q.project(project)).data?.counts;
  const [opened, setOpened] = useState(!running);
  const [chosen, setChosen] = useState<string>(version ?? NEW);
  const [name, setName] = useState('');
  const [until, setUntil] = useState<'minutes' | 'epochs'>('minutes');
  const [minutes, setMinutes] = useState<number>(10);
  const [epochs, setEpochs] = useState<number>(60);
  const schema = useQuery(q.schema(project)).data?.schema;
  const learnable = projectTasks.filter((t) => schema?.classes.some((c) => c.kind === annotationKindOf[t]));
  const [wanted, setWanted] = useState<(typeof projectTasks)[number] | null>(null);
  const task = wanted ?? learnable[0] ?? 'detect';
  const [network, setNetwork] = useState<NetworkChoice>(defaultNetwork);
  const [inputSize, setInputSize] = useState('auto');
  const [anchors, setAnchors] = useState<number>(6);
  const [seed, setSeed] = useState<number>(1);
  const [batch, setBatch] = useState<number | null>(null);
  const [open, setOpen] = useState<string[]>([]);
  /** By task: what suits one does not suit another. */
  const [augmentations, setAugmentations] = useState<Partial<Record<typeof task, AugmentOverride>>>({});
  const augmentation = augmentations[task] ?? {};
  const changed = Object.keys(augmentation).length;
  const side = inputSize === 'auto' ? null : Number(inputSize);
  const body = (): TrainBody => ({ version: chosen === NEW ? null : chosen, name: name.trim(), options: { task, ...network, ...(until === 'minutes' ? { minutes, epochs: null } : { minutes: null, epochs }), inputSize: side, batch, anchors, seed, augmentation } });
  const start = useAction<TrainBody, { job: string; version: string }>({
    run: (input, idempotencyKey) => api.train({ params: { project }, body: input }, { idempotencyKey }),
    failed: 'Training did not start',
    invalidates: () => [['job', 'list', project], ['version', 'list', project]],
    onDone: ({ job }) => {
      setOpened(false);
      setChosen(NEW);
      onStarted(job);
    },
  });
  const known = chosen === NEW || versions.some((v) => v.id === chosen);
  const target = versions.find((v) => v.id === chosen);
  return (
    <Paper p="md" mb="lg">
      {!opened && (
        <Group justify="space-between">
          <Text size="sm" c="dimmed">{running ? 'A run is under way. Another one would wait for it.' : 'Train on the newest labels, or with other settings.'}</Text>
          <Button leftSection={<IconCpu size={15} aria-hidden />} onClick={() => setOpened(true)}>New run</Button>
        </Group>
      )}
      <Collapse expanded={opened}>
        <form onSubmit={(e) => { e.preventDefault(); start.mutate(body()); }}>
          <Stack gap="md">
            <Group align="flex-start" gap="md" grow preventGrowOverflow={false}>
              <Select
                label="What to train" w={220} allowDeselect={false} value={task} onChange={(v) => setWanted(v as typeof task)} description={taskTexts[task].what}
                data={projectTasks.map((t) => ({ value: t, label: taskTexts[t].title, disabled: schema !== undefined && !learnable.includes(t) }))}
                renderOption={({ option }) => <Text size="sm" span>{option.label}{option.disabled && <Text span size="xs" c="dimmed"> – no class of kind {annotationKindOf[option.value as typeof task]}</Text>}</Text>}
              />
              <Select
                label="On which data" w={300} value={known ? chosen : NEW} onChange={(v) => setChosen(v ?? NEW)}
                data={[{ value: NEW, label: `Freeze the ${countOf(counts?.done ?? 0, 'done image')} now` }, ...versions.map((v) => ({ value: v.id, label: `Version ${v.number}${v.name ? ` “${v.name}”` : ''}: ${countOf(v.items, 'image')}` }))]}
                description={target ? `train ${formatCount(target.splits.train)}, validation ${formatCount(target.splits.val)}, test ${formatCount(target.splits.test)}` : 'A new version is made and trained on'}
              />
              <Stack gap={6} w={300}>
                {until === 'minutes' ? (
                  <NumberField label="Time to take, in minutes" description="It stops by itself; the best weights are kept" min={0.25} max={1440} step={5} decimalScale={2} value={minutes} onChange={setMinutes} />
                ) : (
                  <NumberField label="Epochs" description="Passes over the training images; a rerun gives the same model" min={1} max={10_000} step={10} allowDecimal={false} value={epochs} onChange={setEpochs} />
                )}
                <SegmentedControl aria-label="What ends the training" value={until} onChange={(v) => setUntil(v as typeof until)} data={[{ value: 'minutes', label: 'By time' }, { value: 'epochs', label: 'By epochs' }]} />
              </Stack>
              <TextInput label="Name of the model" description="Optional" w={220} maxLength={100} value={name} onChange={(e) => setName(e.currentTarget.value)} />
            </Group>
            <Accordion variant="contained" multiple value={open} onChange={setOpen}>
              <Accordion.Item value="more">
                <Accordion.Control><Text size="xs">More settings</Text></Accordion.Control>
                <Accordion.Panel>
                  <NetworkFields project={project} task={task} value={network} onChange={setNetwork} />
                  <Group align="flex-start" gap="md" mt="md">
                    <Select label="Input size" description="Larger sees small objects, and is slower" w={220} value={inputSize} onChange={(v) => setInputSize(v ?? 'auto')} data={[{ value: 'auto', label: 'Chosen from the images' }, ...[192, 256, 320, 416, 512, 640].map((s) => ({ value: String(s), label: `${s} × ${s} px` }))]} />
                    {task === 'detect' && <NumberField label="Anchors" description="K-means on the boxes" w={170} min={2} max={18} allowDecimal={false} value={anchors} onChange={setAnchors} />}
                    <NumberField label="Images per step" description="Empty: chosen by itself" w={160} min={1} max={64} allowDecimal={false} optional value={batch} onChange={setBatch} />
                    <NumberField label="Seed" description="Fixes what is random" w={120} min={0} allowDecimal={false} value={seed} onChange={setSeed} />
                  </Group>
                </Accordion.Panel>
              </Accordion.Item>
              <Accordion.Item value="augmentation">
                <Accordion.Control><Text size="xs" span>Augmentation</Text>{changed > 0 && <Badge ml="xs" size="sm">{changed} changed</Badge>}</Accordion.Control>
                <Accordion.Panel>
                  {open.includes('augmentation') && <AugmentationFields key={task} project={project} task={task} inputSize={side} value={augmentation} onChange={(next) => setAugmentations((all) => ({ ...all, [task]: next }))} />}
                </Accordion.Panel>
              </Accordion.Item>
            </Accordion>
            <Group gap="xs">
              <ActionButton type="submit" permission="train" variant="filled" leftSection={<IconCpu size={15} aria-hidden />} loading={start.isPending} blocked={networkFault(network) ?? (chosen === NEW && counts?.done === 0 && 'No image is done yet.')}>Train</ActionButton>
              {running && <Button onClick={() => setOpened(false)}>Close</Button>}
            </Group>
          </Stack>
        </form>
      </Collapse>
    </Paper>
  );
}

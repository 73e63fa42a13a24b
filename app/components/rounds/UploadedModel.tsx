'use client';
import { useState } from 'react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Alert, Button, FileButton, Group, Loader, NumberInput, Select, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { IconUpload } from '@tabler/icons-react';
import { z } from 'zod';
import type { Contract } from '@/lib/api/contract';
import type { CallInput } from '@/lib/api/route';
import { annotationKindOf } from '@/lib/core/labels';
import { guessMapping, layoutSettings, type UploadChoices } from '@/models/browser';
import { api } from '../../lib/api';
import { formatCount } from '../../lib/format';
import { isActive, outcomeOf, useJob } from '../../lib/jobs';
import { q, rowsOf } from '../../lib/queries';
import { useAction } from '../../lib/useAction';
import { ClassMapping, type Mapping } from './ClassMapping';
import { TrialPicture, trialLabels } from './TrialPicture';

type AdoptBody = CallInput<Contract['adoptModel']>['body'];

/** What the look at a file found; choices stay as they are, for the worker to check. */
const reportSchema = z.object({
  parameters: z.number(), nodes: z.number(), inputSize: z.object({ width: z.number(), height: z.number() }), open: z.object({ width: z.boolean(), height: z.boolean() }),
  readings: z.array(z.object({ reading: z.looseObject({ layout: z.string() }), choices: z.custom<UploadChoices>((v) => typeof v === 'object' && v !== null) })),
});

const layoutOf = (name: string) => layoutSettings[name];

export function UploadedModel({ project, busy, onAdopt }: { project: string; busy: boolean; onAdopt: (body: AdoptBody) => void }) {
  const [sent, setSent] = useState<{ upload: string; job: string; name: string } | null>(null);
  const looking = useJob(sent?.job).data;
  const send = useAction<File, { upload: string; job: string }>({
    run: (file) => api.uploadModel({ params: { project }, query: { name: file.name }, body: file }),
    failed: 'The file was not uploaded', onDone: (r, file) => setSent({ ...r, name: file.name }),
  });
  const report = looking?.state === 'done' ? reportSchema.safeParse(looking.data['report']) : null;
  return (
    <Stack gap="sm">
      <Text size="sm">A detector, segmenter or pose model of your own, exported as ONNX. Outputs of YOLOv5, v8 and v11, of plain segmenters and of CenterNet are recognised.</Text>
      <Group gap="sm">
        <FileButton accept=".onnx" onChange={(file) => file && send.mutate(file)}>{(props) => <Button {...props} leftSection={<IconUpload size={15} aria-hidden />} loading={send.isPending}>{sent ? 'Another file' : 'Choose a file'}</Button>}</FileButton>
        {sent && <Text size="sm" truncate maw={300}>{sent.name}</Text>}
        {sent && (!looking || isActive(looking)) && <Loader size="xs" aria-label="Looking at the model" />}
      </Group>
      {looking?.state === 'failed' && <Alert color="red" p="xs" title="This file cannot be used">{outcomeOf(looking)}</Alert>}
      {report?.success && report.data.readings.length === 0 && <Alert color="yellow" p="xs" title="Its outputs are of no known layout">Export it without built-in non-max suppression, or as one of the layouts named above.</Alert>}
      {sent && report?.success && report.data.readings.length > 0 && <Choices key={sent.upload} project={project} upload={sent.upload} name={sent.name.replace(/\.onnx$/i, '')} report={report.data} busy={busy} onAdopt={onAdopt} />}
    </Stack>
  );
}

function Choices({ project, upload, name: given, report, busy, onAdopt }: { project: string; upload: string; name: string; report: z.infer<typeof reportSchema>; busy: boolean; onAdopt: (body: AdoptBody) => void }) {
  const [index, setIndex] = useState(0);
  const { choices: guessed, reading } = report.readings[index]!;
  const [changes, setChanges] = useState<Partial<UploadChoices>>({});
  const choices = { ...guessed, ...changes };
  const [changedMapping, setMapping] = useState<Mapping | null>(null);
  const [name, setName] = useState(given);
  const [item, setItem] = useState<string | null>(null);
  const items = rowsOf(useInfiniteQuery(q.items(project, {})).data).slice(0, 50);
  const classes = useQuery(q.schema(project)).data?.schema.classes ?? [];
  const task = layoutOf(reading.layout)?.task ?? 'detect';
  const own = classes.filter((c) => c.kind === annotationKindOf[task]);
  const mapping = changedMapping ?? guessMapping(choices.classes, own);
  const [trial, setTrial] = useState<string | null>(null);
  const tried = useJob(trial).data;
  const picture = items.find((i) => i.id === (item ?? items[0]?.id));
  const tryOut = useAction<void, { job: string }>({
    run: () => api.tryModel({ params: { project, upload }, body: { choices, item: picture!.id, minScore: 0.25 } }),
    failed: 'The model was not tried', onDone: (r) => setTrial(r.job),
  });
  const names = choices.classes.map((c) => c.name).join('\n');
  const rename = (text: string) => setChanges({ ...changes, classes: choices.classes.map((c, i) => ({ ...c, id: text.split('\n')[i]?.trim() || c.id, name: text.split('\n')[i]?.trim() || c.name })) });
  const labels = tried?.state === 'done' ? trialLabels(tried.data['labels']) : null;
  return (
    <form onSubmit={(e) => { e.preventDefault(); onAdopt({ name, source: { kind: 'upload', upload, choices }, mapping }); }}>
      <Stack gap="sm">
        <Text size="xs" c="dimmed">{formatCount(report.parameters)} parameters, {formatCount(report.nodes)} operations.</Text>
        <Group grow align="flex-start">
          <Select label="Layout of its outputs" allowDeselect={false} value={String(index)} onChange={(v) => { setIndex(Number(v)); setChanges({}); setMapping(null); }} data={report.readings.map((r, i) => ({ value: String(i), label: layoutOf(r.reading.layout)?.title ?? r.reading.layout }))} description={layoutOf(reading.layout)?.description} />
          <Select label="Images are" allowDeselect={false} value={choices.normalisation.resize} onChange={(v) => setChanges({ ...changes, normalisation: { ...choices.normalisation, resize: v as 'letterbox' | 'stretch' } })} data={[{ value: 'letterbox', label: 'fitted in, the rest filled' }, { value: 'stretch', label: 'stretched' }]} />
          <Select label="Channels" allowDeselect={false} value={choices.channels} onChange={(v) => setChanges({ ...changes, channels: v as UploadChoices['channels'] })} data={[{ value: 'rgb', label: 'red, green, blue' }, { value: 'bgr', label: 'blue, green, red' }, { value: 'grey', label: 'grey' }]} />
        </Group>
        <Group grow align="flex-start">
          {(['width', 'height'] as const).map((side) => <NumberInput key={side} label={`Input ${side}`} min={8} max={4096} disabled={!report.open[side]} value={choices.inputSize[side]} onChange={(v) => typeof v === 'number' && setChanges({ ...changes, inputSize: { ...choices.inputSize, [side]: v } })} />)}
          <Textarea label="Names of its classes" description="One a line, in the order of its outputs" autosize minRows={1} maxRows={4} key={index} defaultValue={names} onBlur={(e) => rename(e.currentTarget.value)} />
        </Group>
        <ClassMapping task={task} from={choices.classes} to={own} value={mapping} onChange={setMapping} />
        <Group align="flex-end" gap="sm">
          <Select flex={1} label="Try it on an image" searchable value={picture?.id ?? null} onChange={setItem} data={items.map((i) => ({ value: i.id, label: i.path }))} />
          <Button loading={tryOut.isPending || (tried ? isActive(tried) : false)} disabled={!picture} onClick={() => tryOut.mutate()}>Try</Button>
        </Group>
        {tried?.state === 'failed' && <Alert color="red" p="xs">{outcomeOf(tried)}</Alert>}
        {labels && picture && <TrialPicture item={picture} labels={labels} names={new Map(choices.classes.map((c) => [c.id, c.name]))} />}
        <Group justify="space-between" align="flex-end">
          <TextInput label="Name" maxLength={100} value={name} onChange={(e) => setName(e.currentTarget.value)} />
          <Button type="submit" variant="filled" loading={busy} disabled={!Object.values(mapping).some(Boolean)}>Keep</Button>
        </Group>
      </Stack>
    </form>
  );
}

'use client';
import { useEffect, useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Button, Group, Modal, Stack, Tabs, Text, TextInput } from '@mantine/core';
import type { Contract } from '@/lib/api/contract';
import type { CallInput } from '@/lib/api/route';
import { annotationKindOf } from '@/lib/core/labels';
import { builtins, guessMapping, type Builtin } from '@/models/browser';
import { api, notifyDone } from '../../lib/api';
import { isActive, outcomeOf, useJob } from '../../lib/jobs';
import { taskTexts } from '../../lib/metrics';
import { q } from '../../lib/queries';
import { useAction } from '../../lib/useAction';
import { JobStrip } from '../common/JobView';
import { ClassMapping, type Mapping } from './ClassMapping';
import { UploadedModel } from './UploadedModel';

type AdoptBody = CallInput<Contract['adoptModel']>['body'];

interface Props { project: string; opened: boolean; onClose: () => void }

/** Models that were not trained here: networks that come along, or a person's own ONNX file. */
export function AddModelDialog({ project, opened, onClose }: Props) {
  const [job, setJob] = useState<string | null>(null);
  const adopting = useJob(job).data;
  const adopt = useAction<AdoptBody, { job: string }>({
    run: (body, idempotencyKey) => api.adoptModel({ params: { project }, body }, { idempotencyKey }),
    failed: 'The model was not added', invalidates: () => [['job', 'list', project]], onDone: (r) => setJob(r.job),
  });
  const ended = adopting && !isActive(adopting) ? adopting : null;
  /** Grows with every model that was added: the forms begin anew. */
  const [added, setAdded] = useState(0);
  useEffect(() => {
    if (ended?.state !== 'done') return;
    notifyDone(`${outcomeOf(ended)}. Pre-label with it now.`);
    setJob(null);
    setAdded((n) => n + 1);
    onClose();
  }, [ended, onClose]);
  const busy = adopt.isPending || (adopting ? isActive(adopting) : false);
  // What was chosen, and a file on its way, outlast a closed dialog; one that was never opened asks for nothing.
  const [used, setUsed] = useState(opened);
  if (opened && !used) setUsed(true);
  return (
    <Modal opened={opened} onClose={onClose} title="Add a model" size="lg" keepMounted={used}>
      <JobStrip id={job} />
      <Tabs key={added} defaultValue="builtin">
        <Tabs.List mb="sm"><Tabs.Tab value="builtin">Comes along</Tabs.Tab><Tabs.Tab value="upload">Your own ONNX file</Tabs.Tab></Tabs.List>
        <Tabs.Panel value="builtin"><Builtins project={project} busy={busy} onAdopt={(body) => adopt.mutate(body)} /></Tabs.Panel>
        <Tabs.Panel value="upload"><UploadedModel project={project} busy={busy} onAdopt={(body) => adopt.mutate(body)} /></Tabs.Panel>
      </Tabs>
    </Modal>
  );
}

function Builtins({ project, busy, onAdopt }: { project: string; busy: boolean; onAdopt: (body: AdoptBody) => void }) {
  const [chosen, setChosen] = useState<Builtin>(builtins[0]!);
  return (
    <Stack gap="sm">
      <Text size="sm">Trained networks that propose from the first image on. Say which of their classes are yours.</Text>
      <Group gap="xs">{builtins.map((b) => <Button key={b.name} variant={b.name === chosen.name ? 'filled' : 'default'} aria-pressed={b.name === chosen.name} onClick={() => setChosen(b)}>{b.title}</Button>)}</Group>
      <Text size="xs" c="dimmed">{taskTexts[chosen.task].title}. {chosen.description} {chosen.credits.join(' ')}</Text>
      <BuiltinForm key={chosen.name} builtin={chosen} project={project} busy={busy} onAdopt={onAdopt} />
    </Stack>
  );
}

function BuiltinForm({ builtin, project, busy, onAdopt }: { builtin: Builtin; project: string; busy: boolean; onAdopt: (body: AdoptBody) => void }) {
  const classes = useQuery(q.schema(project)).data?.schema.classes;
  const own = (classes ?? []).filter((c) => c.kind === annotationKindOf[builtin.task]);
  const [changed, setChanged] = useState<Mapping | null>(null);
  const [name, setName] = useState('');
  const mapping = changed ?? guessMapping(builtin.design.classes, own);
  return (
    <form onSubmit={(e) => { e.preventDefault(); onAdopt({ name, source: { kind: 'builtin', builtin: builtin.name }, mapping }); }}>
      <Stack gap="sm">
        <ClassMapping task={builtin.task} from={builtin.design.classes} to={own} value={mapping} onChange={setChanged} />
        <Group justify="space-between" align="flex-end">
          <TextInput label="Name" placeholder={builtin.title} maxLength={100} value={name} onChange={(e) => setName(e.currentTarget.value)} />
          <Button type="submit" variant="filled" loading={busy} disabled={!Object.values(mapping).some(Boolean)}>Add</Button>
        </Group>
      </Stack>
    </form>
  );
}

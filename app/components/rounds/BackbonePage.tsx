'use client';
import { useMemo } from 'react';
import Link from 'next/link';
import { usePathname, useSearchParams } from 'next/navigation';
import { useQuery } from '@tanstack/react-query';
import { Alert, Button, Group, Loader, Select, Text } from '@mantine/core';
import { annotationKindOf, projectTasks } from '@/lib/core/labels';
import { inspectInThread, type BackboneChoice } from '@/models/browser/inspect';
import { taskTexts } from '../../lib/metrics';
import { q } from '../../lib/queries';
import { useProjectId } from '../../lib/useProjectId';
import { NumberField } from '../common/NumberField';
import { PageHeader } from '../common/PageHeader';
import { EmptyState, Loaded } from '../common/States';
import { NetworkReportView } from './NetworkReportView';

const LARGEST = 1280;
/** Where a backbone's usual size is no multiple of its stride. */
const fitted = (size: number, multiple: number) => Math.max(multiple, Math.round(size / multiple) * multiple);

/** A network before its training: a backbone with the head of a task, for the classes of the project. */
export function BackbonePage() {
  const project = useProjectId();
  const learning = useQuery(q.learning());
  const schema = useQuery(q.schema(project));
  const pathname = usePathname();
  const search = useSearchParams();
  const abilities = learning.data?.abilities;
  const task = projectTasks.find((t) => t === search.get('task')) ?? 'detect';
  const usual = abilities?.tasks.find((t) => t.name === task)?.backbone;
  const backbone = abilities?.backbones.find((b) => b.name === search.get('backbone')) ?? abilities?.backbones.find((b) => b.name === usual);
  const asked = Number(search.get('size'));
  const size = Number.isInteger(asked) && asked > 0 && asked <= LARGEST ? asked : backbone ? fitted(backbone.usualSize, backbone.multiple) : null;
  const set = (change: Record<string, string | null>) => {
    const next = new URLSearchParams(search.toString());
    for (const [name, value] of Object.entries(change)) if (value === null) next.delete(name);
      else next.set(name, value);
    window.history.replaceState(null, '', `${pathname}?${next.toString()}`);
  };
  const kind = annotationKindOf[task];
  const classes = useMemo(() => (schema.data?.schema.classes ?? []).filter((c) => c.kind === kind).map(({ id, name, skeleton }) => ({ id, name, ...(skeleton && { points: skeleton.points.map((p) => p.name) }) })), [schema.data, kind]);
  const choice: BackboneChoice | null = backbone && size && classes.length > 0 ? { task, backbone: backbone.name, inputSize: { width: size, height: size }, classes } : null;
  const report = useQuery({ queryKey: ['network', choice], queryFn: ({ signal }) => inspectInThread(choice!, signal), enabled: choice !== null, staleTime: Infinity, gcTime: 60_000, retry: false });
  const families = [...new Set(abilities?.backbones.map((b) => b.family))];
  return (
    <>
      <PageHeader title="Network before training" actions={<Button component={Link} href={`/projects/${project}/train`} variant="subtle" color="gray">To the training</Button>}>
        What a training would build, layer by layer, for the classes of this project. Times are measured once there is a model: Models, Network.
      </PageHeader>
      <Loaded query={learning} what="The backbones">
        {() => (
          <>
            <Group align="flex-start" gap="md" mb="md">
              <Select label="What to train" w={200} allowDeselect={false} value={task} onChange={(v) => set({ task: v })} data={projectTasks.map((t) => ({ value: t, label: taskTexts[t].title }))} />
              <Select
                label="Backbone" w={280} searchable allowDeselect={false} nothingFoundMessage="No such backbone" value={backbone?.name ?? null} onChange={(v) => set({ backbone: v, size: null })}
                data={families.map((family) => ({ group: family, items: abilities!.backbones.filter((b) => b.family === family).map((b) => ({ value: b.name, label: b.title })) }))}
              />
              {size !== null && backbone && (
                <NumberField label="Side of the input" w={150} suffix=" px" min={backbone.minimalSize} max={LARGEST} step={backbone.multiple} value={size} onChange={(v) => set({ size: String(v) })} />
              )}
              {backbone && <Text size="xs" c="dimmed" w="100%">{backbone.title}: {backbone.paper}. Its input is a multiple of {backbone.multiple} pixels, and at least {backbone.minimalSize}.</Text>}
            </Group>
            {!abilities && <Text size="sm" c="dimmed">Waiting for a worker to say which backbones it has.</Text>}
            {schema.data && classes.length === 0 && <Alert color="yellow">This project has no class that {taskTexts[task].title.toLowerCase()} learns from (kind {kind}). Add one to the label schema.</Alert>}
            {report.error && <Alert color="red" title="There is no such network">{report.error.message}</Alert>}
            {choice && report.isPending && <EmptyState icon={<Loader aria-label="Building the network" />} title="Building the network">The larger ones take some seconds.</EmptyState>}
            {report.data && <NetworkReportView key={report.dataUpdatedAt} report={report.data} />}
          </>
        )}
      </Loaded>
    </>
  );
}

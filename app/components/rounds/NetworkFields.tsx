'use client';
import Link from 'next/link';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Anchor, Group, Select, Text, TextInput } from '@mantine/core';
import { weightsAddress } from '@/lib/api/routes/rounds';
import type { Contract } from '@/lib/api/contract';
import type { CallInput } from '@/lib/api/route';
import type { TaskName } from '@/lib/core/labels';
import { engineTitle, headline } from '../../lib/metrics';
import { q, rowsOf } from '../../lib/queries';
import { ErrorState } from '../common/States';

type Options = NonNullable<NonNullable<CallInput<Contract['train']>['body']>['options']>;
export type NetworkChoice = Required<Pick<Options, 'backbone' | 'start' | 'depth'>>;
export const defaultNetwork: NetworkChoice = { backbone: 'default', start: 'default', depth: 'auto' };

const depths: Record<NetworkChoice['depth'], string> = {
  auto: 'Chosen from the number of labelled images', head: 'The head alone (few images)', partial: 'Head and last third of the backbone', full: 'Everything',
};

const ADDRESS = 'address';
/** A start that is no address. */
const named = /^(default|scratch|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
export const isWeightsAddress = (text: string): boolean => weightsAddress.safeParse(text).success;
/** What is missing in the choice; null when nothing is. */
export const networkFault = ({ start }: NetworkChoice): string | null => (named.test(start) || isWeightsAddress(start) ? null : 'Under More settings, give the address of the model to begin with.');

/** Which network learns, with which weights it begins, and how much of it learns. */
export function NetworkFields({ project, task, value, onChange }: { project: string; task: TaskName; value: NetworkChoice; onChange: (value: NetworkChoice) => void }) {
  const learning = useQuery(q.learning());
  const abilities = learning.data?.abilities;
  const models = rowsOf(useInfiniteQuery(q.models(project)).data);
  const usual = abilities?.tasks.find((t) => t.name === task)?.backbone;
  const chosen = value.backbone === 'default' ? usual : value.backbone;
  const backbone = abilities?.backbones.find((b) => b.name === chosen);
  const families = [...new Set(abilities?.backbones.map((b) => b.family))];
  const byAddress = !named.test(value.start);
  const begins = value.start === 'scratch' ? false : value.start !== 'default' || !!backbone?.trained;
  if (learning.error && !learning.data) return <ErrorState error={learning.error} what="What can be trained" onRetry={() => void learning.refetch()} />;
  return (
    <Group align="flex-start" gap="md">
      <Select
        label="Backbone" w={300} searchable allowDeselect={false} value={value.backbone} onChange={(v) => onChange({ ...value, backbone: v ?? 'default' })} nothingFoundMessage="No such backbone"
        description={backbone ? `${backbone.family}; usual input ${backbone.usualSize} px` : learning.isPending ? 'Asking which there are' : !abilities && !learning.error ? 'Waiting for a worker to say which it has' : undefined}
        data={[
          { value: 'default', label: `Suggested${usual ? ` (${abilities?.backbones.find((b) => b.name === usual)?.title ?? usual})` : ''}` },
          ...families.map((family) => ({ group: family, items: abilities!.backbones.filter((b) => b.family === family).map((b) => ({ value: b.name, label: `${b.title}${b.trained ? ' – trained' : ''}` })) })),
        ]}
      />
      <Select
        label="Begins with" w={280} allowDeselect={false} value={byAddress ? ADDRESS : value.start} onChange={(v) => onChange({ ...value, start: v === ADDRESS ? '' : (v ?? 'default') })}
        description={backbone?.trained && value.start === 'default' ? `Weights trained on ${backbone.trained}` : begins ? 'Weights of layers that fit are taken over' : 'Weights drawn from the seed'}
        data={[
          { value: 'default', label: backbone?.trained ? 'The weights that come with it' : 'Fresh weights' },
          ...(backbone?.trained ? [{ value: 'scratch', label: 'Fresh weights' }] : []),
          ...(models.length > 0 ? [{ group: 'Models of this project', items: models.map((m) => {
            const best = headline(m);
            return { value: m.id, label: `Model ${m.number}${best ? ` · ${best.title} ${best.value}` : ''}` };
          }) }] : []),
          { value: ADDRESS, label: 'A model at an address' },
        ]}
      />
      {byAddress && (
        <TextInput
          label="Address of its model.json" w={400} type="url" maxLength={2000} placeholder="https://…/model.json" value={value.start} onChange={(e) => onChange({ ...value, start: e.currentTarget.value.trim() })}
          description="Of a TensorFlow.js model; the worker fetches it, with the weights beside it" error={value.start !== '' && !isWeightsAddress(value.start) && 'An http or https address, without name and password'}
        />
      )}
      <Select
        label="What learns" w={270} allowDeselect={false} disabled={!begins} value={begins ? value.depth : 'full'} onChange={(v) => onChange({ ...value, depth: (v ?? 'auto') as NetworkChoice['depth'] })}
        description={begins ? 'Frozen layers are computed once and kept' : 'Fresh weights: all of it has to learn'}
        data={Object.entries(depths).map(([name, label]) => ({ value: name, label }))}
      />
      {abilities && <Text size="xs" c="dimmed" w="100%">{backbone && <>{backbone.title}: {backbone.paper}. </>}Computed by {engineTitle(abilities.engine)}.{named && <> <Anchor component={Link} size="xs" target="_blank" href={`/projects/${project}/network?task=${task}&backbone=${named}`}>See its layers</Anchor></>}</Text>}
    </Group>
  );
}

'use client';
import { useEffect, useState } from 'react';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Group, Menu } from '@mantine/core';
import { IconChevronDown, IconRulerMeasure } from '@tabler/icons-react';
import { api } from '../../lib/api';
import { countOf } from '../../lib/format';
import { isActive, useJob } from '../../lib/jobs';
import { q, rowsOf, type Model } from '../../lib/queries';
import { useAction } from '../../lib/useAction';
import { ActionButton } from '../common/ActionButton';
import { JobStrip } from '../common/JobView';

/** Measures a model on the val and test images of a frozen version, and follows that. */
export function EvaluateAction({ model, project }: { model: Model; project: string }) {
  const client = useQueryClient();
  const list = useInfiniteQuery(q.versions(project));
  const versions = rowsOf(list.data).filter((v) => v.state === 'ready');
  const [chosen, setChosen] = useState<string | null>(null);
  const version = versions.find((v) => v.id === chosen) ?? versions[0];
  const [job, setJob] = useState<string | null>(null);
  const state = useJob(job).data?.state;
  const start = useAction<string, { job: string }>({ run: (id) => api.evaluateModel({ params: { id: model.id }, body: { version: id } }), failed: 'Measuring did not begin', onDone: (r) => setJob(r.job) });
  useEffect(() => {
    if (state !== 'done') return;
    void client.invalidateQueries({ queryKey: ['model', model.id] });
    void client.invalidateQueries({ queryKey: ['model', 'list', project] });
  }, [state, client, model.id, project]);
  const none = list.data && !version && 'There is no frozen version yet. Freeze one on the versions page: a model is measured on its validation and test images.';
  return (
    <div>
      <Group gap={4}>
        <ActionButton size="compact-sm" permission="train" leftSection={<IconRulerMeasure size={15} aria-hidden />} loading={start.isPending || (state !== undefined && isActive({ state }))} blocked={none || (!version && 'The versions are being read.')} onClick={() => version && start.mutate(version.id)}>
          {version ? `Evaluate on version ${version.number}` : 'Evaluate'}
        </ActionButton>
        {versions.length > 1 && (
          <Menu position="bottom-start">
            <Menu.Target><Button size="compact-sm" variant="subtle" rightSection={<IconChevronDown size={14} aria-hidden />}>Another version</Button></Menu.Target>
            <Menu.Dropdown mah={300} style={{ overflowY: 'auto' }}>
              {versions.map((v) => <Menu.Item key={v.id} onClick={() => setChosen(v.id)}>Version {v.number}{v.name ? ` “${v.name}”` : ''}: {countOf(v.splits.val + v.splits.test, 'image')} to measure on</Menu.Item>)}
            </Menu.Dropdown>
          </Menu>
        )}
      </Group>
      <JobStrip id={job} />
    </div>
  );
}

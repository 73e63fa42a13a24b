'use client';
import { ActionIcon, Alert, Button, Group, RangeSlider, Skeleton, Slider, Stack, Text, Tooltip } from '@mantine/core';
import { IconArrowBackUp, IconRotate2 } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { AugmentName, AugmentOptions, AugmentOverride } from '@/lib/core/augmentation';
import { annotationKindOf, type TaskName } from '@/lib/core/labels';
import { augmentRows, augmentText, usualFor, withAugment, type AugmentRow } from '../../lib/augmentation';
import { q } from '../../lib/queries';
import { ErrorState } from '../common/States';
import classes from './Augmentation.module.css';
import { AugmentationPreview } from './AugmentationPreview';

interface Props { project: string; task: TaskName; inputSize: number | null; value: AugmentOverride; onChange: (value: AugmentOverride) => void }

/** How training images vary: a slider for each kind, and images of the project as training will see them. */
export function AugmentationFields({ project, task, inputSize, value, onChange }: Props) {
  const learning = useQuery(q.learning());
  const asked = useQuery(q.schema(project));
  const schema = asked.data?.schema;
  const learned = schema?.classes.filter((c) => c.kind === annotationKindOf[task]);
  const told = learning.data?.abilities?.tasks.find((t) => t.name === task)?.augmentation;
  if (learning.error && !learning.data) return <ErrorState error={learning.error} what="How this task varies its images" onRetry={() => void learning.refetch()} />;
  if (asked.error && !asked.data) return <ErrorState error={asked.error} what="The label schema" onRetry={() => void asked.refetch()} />;
  if (!told || !learned) {
    return learning.data?.abilities && !told && learned
      ? <Text size="sm" c="dimmed">The worker that is running does not say how this task varies its images. It may be of an older version: restart it.</Text>
      : <Stack gap={8} aria-busy="true"><Text size="xs" c="dimmed">Waiting for a worker to say how this task varies its images.</Text><Skeleton height={160} /></Stack>;
  }
  const groups = augmentRows(task, learned);
  const usual = usualFor(told, groups);
  const options = { ...usual, ...value };
  const set = (name: AugmentName, next: AugmentOptions[AugmentName]) => onChange(withAugment(value, usual, name, next));
  const changed = Object.keys(value).length;
  const blocked = groups.flatMap(({ rows }) => rows).find((row) => row.blocked)?.blocked;
  return (
    <div className={classes.fields}>
      <div>
        <Text size="xs" c="dimmed" mb="xs">Every image is shown to the network changed at random, up to these strengths, so that it learns more than the images as they are. Near the end of the run they shrink. Good settings make images that could have been taken.</Text>
        {blocked && <Alert color="gray" p="xs" mb="xs"><Text size="xs">{blocked}</Text></Alert>}
        {groups.map(({ title, rows }) => (
          <div key={title} role="group" aria-label={title}>
            <Text size="xs" fw={600} mt="xs" mb={2}>{title}</Text>
            {rows.filter(({ name }) => name !== 'elasticCells' || options.elastic > 0).map((row) => (
              <Row key={row.name} row={row} value={options[row.name]} changed={row.name in value} onChange={(next) => set(row.name, next)} onReset={() => set(row.name, usual[row.name])} />
            ))}
          </div>
        ))}
        <Group gap="xs" mt="sm">
          <Button leftSection={<IconRotate2 size={15} aria-hidden />} disabled={changed === 0} onClick={() => onChange({})}>Reset to defaults</Button>
          <Text size="xs" c="dimmed" role="status">{changed === 0 ? 'As the task has it.' : `${changed} changed.`}</Text>
        </Group>
      </div>
      <AugmentationPreview project={project} task={task} classes={learned} options={options} inputSize={inputSize} />
    </div>
  );
}

interface RowProps { row: AugmentRow; value: AugmentOptions[AugmentName]; changed: boolean; onChange: (value: AugmentOptions[AugmentName]) => void; onReset: () => void }

function Row({ row: { name, title, help, min, max, step, blocked }, value, changed, onChange, onReset }: RowProps) {
  const text = augmentText(name, value);
  return (
    <div className={classes.row} data-changed={changed || undefined}>
      <Tooltip label={blocked ?? help} position="top-start"><Text size="xs" truncate>{title}</Text></Tooltip>
      {typeof value === 'number' ? (
        <Slider size="sm" label={null} thumbLabel={`${title}. ${blocked ?? help}`} disabled={!!blocked} min={min} max={max} step={step} value={value} onChange={onChange} thumbValueText={text} />
      ) : (
        <RangeSlider size="sm" label={null} thumbFromLabel={`${title}: smallest. ${help}`} thumbToLabel={`${title}: largest. ${help}`} minRange={0} min={min} max={max} step={step} value={[value[0], value[1]]} onChange={onChange} />
      )}
      <Text size="xs" className="fm-tabular" fw={changed ? 600 : 400} ta="right">{text}</Text>
      {changed ? <ActionIcon size="xs" aria-label={`Reset: ${title}`} onClick={onReset}><IconArrowBackUp size={14} aria-hidden /></ActionIcon> : <span />}
    </div>
  );
}

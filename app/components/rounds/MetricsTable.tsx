'use client';
import { useQuery } from '@tanstack/react-query';
import { Progress, SimpleGrid, Table, Text } from '@mantine/core';
import { countOf, formatCount } from '../../lib/format';
import { figureText, headlineFigure, metricsBySplit } from '../../lib/metrics';
import { q, type Model } from '../../lib/queries';
import { ClassName, splitLabels } from '../common/badges';

/** How the figures of a task were measured. */
const definitions: Record<string, string> = {
  detect: 'COCO definition: score at least 0.001, at most 100 boxes an image.',
  segment: 'One confusion matrix over all pixels of the split, at full resolution; pixels that are marked to be ignored are left out.',
};

/** The figure of a class that is drawn as a bar. */
const bars: Record<string, string> = { detect: 'ap50', segment: 'iou' };

/** What a model was measured at: by split, and by class. */
export function MetricsTable({ model, project }: { model: Model; project: string }) {
  const classes = useQuery(q.schema(project)).data?.schema.classes;
  const splits = metricsBySplit(model.metrics);
  const first = splits[0];
  const { name: main } = headlineFigure(model.task);
  const figures = first ? Object.keys(first.values).sort((a, b) => Number(b === main) - Number(a === main)) : [];
  const ofClass = [...new Set(model.perClass.flatMap((c) => Object.keys(c.values)))];
  const bar = bars[model.task];
  const helps = figures.flatMap((name) => figureText(name).help ? [`${figureText(name).title}: ${figureText(name).help}.`] : []);
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xl">
      <div>
        <Table>
          <Table.Thead><Table.Tr><Table.Th>Split</Table.Th><Table.Th className="fm-num">Images</Table.Th>{figures.map((name) => <Table.Th key={name} className="fm-num">{figureText(name).title}</Table.Th>)}</Table.Tr></Table.Thead>
          <Table.Tbody>
            {splits.map((s) => (
              <Table.Tr key={s.split}>
                <Table.Td>{splitLabels[s.split]}</Table.Td>
                <Table.Td className="fm-num">{s.images === undefined ? '–' : formatCount(s.images)}</Table.Td>
                {figures.map((name) => <Table.Td key={name} className="fm-num">{name === main ? <b>{figureText(name).format(s.values[name])}</b> : figureText(name).format(s.values[name])}</Table.Td>)}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        {splits.length === 0 && <Text size="sm" c="dimmed">Not measured yet. Evaluate it on a frozen version to see its figures, curves and confusion.</Text>}
        <Text size="xs" c="dimmed" mt={4}>{model.measured && `On version ${model.measured.number}${model.measured.left > 0 ? `, without ${countOf(model.measured.left, 'image')} that the model learned from` : ''}. `}{[definitions[model.task], ...helps].filter(Boolean).join(' ')}</Text>
      </div>
      {ofClass.length > 0 && (
        <Table style={{ alignSelf: 'start' }}>
          <Table.Thead><Table.Tr><Table.Th>Class{first ? `, on ${first.split}` : ''}</Table.Th>{ofClass.map((name) => <Table.Th key={name} className="fm-num">{figureText(name).title}</Table.Th>)}{bar && <Table.Th w={110} />}</Table.Tr></Table.Thead>
          <Table.Tbody>
            {model.perClass.map((c) => {
              const length = bar ? c.values[bar] : null;
              return (
                <Table.Tr key={c.classId}>
                  <Table.Td><ClassName name={c.name} color={classes?.find((x) => x.id === c.classId)?.color ?? '#868e96'} /></Table.Td>
                  {ofClass.map((name) => <Table.Td key={name} className="fm-num">{figureText(name).format(c.values[name])}</Table.Td>)}
                  {bar && <Table.Td>{length != null && <Progress value={length * 100} size="sm" aria-label={`${figureText(bar).title} of ${c.name}`} />}</Table.Td>}
                </Table.Tr>
              );
            })}
          </Table.Tbody>
        </Table>
      )}
    </SimpleGrid>
  );
}

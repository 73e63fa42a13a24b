'use client';
import { useQuery } from '@tanstack/react-query';
import { Progress, SimpleGrid, Table, Text } from '@mantine/core';
import { formatCount, formatShare } from '../../lib/format';
import { metricsBySplit } from '../../lib/metrics';
import { q, type Model } from '../../lib/queries';
import { ClassName, splitLabels } from '../common/badges';

/** What a model was measured at: by split, and by class. */
export function MetricsTable({ model, project }: { model: Model; project: string }) {
  const classes = useQuery(q.schema(project)).data?.schema.classes;
  const splits = metricsBySplit(model.metrics);
  const measured = splits[0]?.split;
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xl">
      <div>
        <Table>
          <Table.Thead><Table.Tr><Table.Th>Split</Table.Th><Table.Th className="fm-num">Images</Table.Th><Table.Th className="fm-num">mAP50</Table.Th><Table.Th className="fm-num">mAP75</Table.Th><Table.Th className="fm-num">mAP</Table.Th><Table.Th className="fm-num">Recall</Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>
            {splits.map((s) => (
              <Table.Tr key={s.split}>
                <Table.Td>{splitLabels[s.split]}</Table.Td>
                <Table.Td className="fm-num">{s.images === undefined ? '–' : formatCount(s.images)}</Table.Td>
                <Table.Td className="fm-num"><b>{formatShare(s.mAP50)}</b></Table.Td>
                <Table.Td className="fm-num">{formatShare(s.mAP75)}</Table.Td>
                <Table.Td className="fm-num">{formatShare(s.mAP)}</Table.Td>
                <Table.Td className="fm-num">{formatShare(s.recall)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        {splits.length === 0 && <Text size="sm" c="dimmed">Not measured: there were no images to measure on.</Text>}
        <Text size="xs" c="dimmed" mt={4}>COCO definition: score at least 0.001, at most 100 boxes an image. mAP50 counts a box as right from IoU 0.5; mAP is the mean over IoU 0.5 to 0.95.</Text>
      </div>
      {model.perClass.length > 0 && (
        <Table>
          <Table.Thead><Table.Tr><Table.Th>Class{measured ? `, on ${measured}` : ''}</Table.Th><Table.Th className="fm-num">Objects</Table.Th><Table.Th className="fm-num">AP50</Table.Th><Table.Th w={110} /><Table.Th className="fm-num">AP</Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>
            {model.perClass.map((c) => (
              <Table.Tr key={c.classId}>
                <Table.Td><ClassName name={c.name} color={classes?.find((x) => x.id === c.classId)?.color ?? '#868e96'} /></Table.Td>
                <Table.Td className="fm-num">{formatCount(c.groundTruth)}</Table.Td>
                <Table.Td className="fm-num">{formatShare(c.ap50)}</Table.Td>
                <Table.Td>{c.ap50 !== null && <Progress value={c.ap50 * 100} size="sm" aria-label={`AP50 of ${c.name}`} />}</Table.Td>
                <Table.Td className="fm-num">{formatShare(c.ap)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </SimpleGrid>
  );
}

import { Group, Progress, Text } from '@mantine/core';
import { formatCount } from '../../lib/format';

interface Counts { items: number; open: number; work: number; done: number }

/** How far the labelling is: a bar, and the same in words. */
export function ProgressOfItems({ counts, words = true }: { counts: Counts; words?: boolean }) {
  const share = (n: number) => (counts.items ? (n / counts.items) * 100 : 0);
  const text = `${formatCount(counts.done)} done, ${formatCount(counts.work)} in work, ${formatCount(counts.open)} open`;
  return (
    <div>
      <Progress.Root size={6} role="img" aria-label={text} title={text}>
        <Progress.Section value={share(counts.done)} color="teal" />
        <Progress.Section value={share(counts.work)} color="blue.4" />
      </Progress.Root>
      {words && (
        <Group gap="sm" mt={4}>
          <Text size="xs" c="dimmed" className="fm-tabular"><b>{formatCount(counts.done)}</b> done</Text>
          <Text size="xs" c="dimmed" className="fm-tabular">{formatCount(counts.work)} in work</Text>
          <Text size="xs" c="dimmed" className="fm-tabular">{formatCount(counts.open)} open</Text>
        </Group>
      )}
    </div>
  );
}

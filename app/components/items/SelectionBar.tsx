'use client';
import { Button, Group, Text } from '@mantine/core';
import { IconSparkles, IconTrash, IconX } from '@tabler/icons-react';
import { useDisclosure } from '@mantine/hooks';
import { api } from '../../lib/api';
import { countOf } from '../../lib/format';
import { useAction } from '../../lib/useAction';
import { ActionButton } from '../common/ActionButton';
import { notifyUndo } from '../common/notifyUndo';
import { PrelabelDialog } from '../rounds/PrelabelDialog';

/** What can be done with the chosen images. The trash can be taken back at once. */
export function SelectionBar({ project, chosen, loaded, onAll, onClear }: { project: string; chosen: ReadonlySet<string>; loaded: number; onAll: () => void; onClear: () => void }) {
  const stale = () => [['item', 'list', project], ['project', project]];
  const [asking, { open, close }] = useDisclosure(false);
  const restore = useAction<string[]>({ run: (items) => api.restoreItems({ params: { project }, body: { items } }), failed: 'The images were not restored', done: 'Restored', invalidates: stale });
  const trash = useAction<string[], { count: number }>({
    run: (items) => api.trashItems({ params: { project }, body: { items } }), failed: 'The images were not moved to the trash', invalidates: stale,
    onDone: ({ count }, items) => {
      onClear();
      notifyUndo(`${countOf(count, 'image')} moved to the trash`, () => restore.mutate(items));
    },
  });
  return (
    <Group gap="xs" role="toolbar" aria-label="Chosen images">
      <Text size="sm" fw={600} aria-live="polite">{countOf(chosen.size, 'image')} chosen</Text>
      {chosen.size < loaded && <Button variant="subtle" onClick={onAll}>Choose all {loaded} loaded</Button>}
      <ActionButton permission="train" leftSection={<IconSparkles size={15} aria-hidden />} blocked={chosen.size > 10_000 && 'At most 10,000 at once.'} onClick={open}>Pre-label these</ActionButton>
      <ActionButton permission="project.manage" color="red" variant="outline" leftSection={<IconTrash size={15} aria-hidden />} blocked={chosen.size > 10_000 && 'At most 10,000 at once.'} loading={trash.isPending} onClick={() => trash.mutate([...chosen])}>Move to trash</ActionButton>
      <Button variant="subtle" color="gray" leftSection={<IconX size={14} aria-hidden />} onClick={onClear}>Clear (Esc)</Button>
      <PrelabelDialog project={project} opened={asking} onClose={close} items={[...chosen]} />
    </Group>
  );
}

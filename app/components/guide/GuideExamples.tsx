'use client';
import { useQuery } from '@tanstack/react-query';
import { ActionIcon, Button, FileButton, Group, Paper, SimpleGrid, Stack, Text, TextInput, Tooltip } from '@mantine/core';
import { IconPhotoPlus, IconTrash } from '@tabler/icons-react';
import { api } from '../../lib/api';
import { assetUrl } from '../../lib/assets';
import { q, type Guide } from '../../lib/queries';
import { useAction } from '../../lib/useAction';
import { ClassName } from '../common/badges';

type Examples = Guide['examples'];
interface Props { project: string; examples: Examples; onChange?: (change: (examples: Examples) => Examples) => void }

/** Example pictures by class; with `onChange` they can be added, captioned and taken out. */
export function GuideExamples({ project, examples, onChange }: Props) {
  const schema = useQuery(q.schema(project));
  const classes = schema.data?.schema.classes ?? [];
  const add = useAction<{ classId: string; file: File }, { asset: string }>({
    run: ({ file }) => api.addGuideImage({ params: { project }, body: file, contentType: file.type || 'application/octet-stream' }), failed: 'The picture was not stored',
    onDone: ({ asset }, { classId }) => onChange?.((list) => [...list, { classId, asset, caption: '' }]),
  });
  if (schema.isSuccess && classes.length === 0) return <Text size="sm" c="dimmed">The label schema has no classes yet.</Text>;
  return (
    <SimpleGrid cols={{ base: 1, md: 2, xl: 3 }} spacing="sm">
      {classes.map((c) => {
        const own = examples.flatMap((e, i) => (e.classId === c.id ? [{ ...e, i }] : []));
        if (!onChange && own.length === 0) return null;
        return (
          <Paper key={c.id} p="sm">
            <Group justify="space-between" mb="xs" wrap="nowrap">
              <ClassName name={c.name} color={c.color} size="sm" />
              {onChange && (
                <FileButton accept="image/jpeg,image/png,image/webp,image/tiff,image/bmp" onChange={(file) => file && add.mutate({ classId: c.id, file })}>
                  {(props) => <Button {...props} size="compact-xs" variant="subtle" leftSection={<IconPhotoPlus size={14} aria-hidden />} loading={add.isPending && add.variables?.classId === c.id} aria-label={`Add an example of ${c.name}`}>Add a picture</Button>}
                </FileButton>
              )}
            </Group>
            {own.length === 0 && <Text size="xs" c="dimmed">No example yet.</Text>}
            <Stack gap="xs">
              {own.map((e) => (
                <div key={`${e.asset}${e.i}`}>
                  <img src={assetUrl(project, e.asset, 'display')} alt={e.caption || `Example of ${c.name}`} loading="lazy" style={{ width: '100%', maxHeight: 220, objectFit: 'contain', background: 'var(--fm-well)', borderRadius: 4, display: 'block' }} />
                  {onChange ? (
                    <Group gap={4} mt={4} wrap="nowrap">
                      <TextInput flex={1} aria-label="Caption" placeholder="Caption" maxLength={500} value={e.caption} onChange={(ev) => { const caption = ev.currentTarget.value; onChange((list) => list.map((x, j) => (j === e.i ? { ...x, caption } : x))); }} />
                      <Tooltip label="Take the picture out"><ActionIcon aria-label="Take the picture out" onClick={() => onChange((list) => list.filter((_, j) => j !== e.i))}><IconTrash size={15} aria-hidden /></ActionIcon></Tooltip>
                    </Group>
                  ) : e.caption && <Text size="xs" c="dimmed" mt={2}>{e.caption}</Text>}
                </div>
              ))}
            </Stack>
          </Paper>
        );
      })}
    </SimpleGrid>
  );
}

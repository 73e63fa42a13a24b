'use client';
import { useEffect, useState } from 'react';
import { useQueries, useQuery } from '@tanstack/react-query';
import { Button, Group, Skeleton, Switch, Text } from '@mantine/core';
import { IconArrowsShuffle, IconPhoto } from '@tabler/icons-react';
import { usesMosaic, type AugmentOptions } from '@/lib/core/augmentation';
import { annotationKindOf, kindNouns, type LabelClass, type TaskName } from '@/lib/core/labels';
import type { PreviewExample } from '@/models/browser/preview';
import { imagesWith, loadExample, previewInput, variantOf, type Variant } from '../../lib/augmentationPreview';
import { q } from '../../lib/queries';
import { ErrorState } from '../common/States';
import styles from './Augmentation.module.css';
import { PreviewTile } from './PreviewTile';

/** The image as it is, and variants. */
const TILES = 6;
/** Images that may join in a mosaic. */
const PARTNERS = 3;
/** A slider on its way is not followed at every step. */
const PAUSE_MS = 80;

interface Props { project: string; task: TaskName; classes: readonly LabelClass[]; options: AugmentOptions; inputSize: number | null }

/** An image of the project with its labels, as it is and as training will see it. */
export function AugmentationPreview({ project, task, classes, options, inputSize }: Props) {
  const use = useQuery(q.classUse(project));
  const most = classes.map(({ id }) => ({ id, items: use.data?.classes.find((c) => c.classId === id)?.items ?? 0 })).sort((a, b) => b.items - a.items)[0];
  const found = useQuery({
    queryKey: ['item', 'list', project, 'augmentation', most?.id],
    queryFn: ({ signal }) => imagesWith(project, most!.id, signal), enabled: !!most && most.items > 0, staleTime: 60_000,
  });
  const [position, setPosition] = useState(0);
  const [seed, setSeed] = useState(1);
  const [labelled, setLabelled] = useState(true);
  const items = found.data ?? [];
  const wanted = items.length === 0 ? [] : Array.from({ length: usesMosaic(task) && options.mosaic > 0 ? 1 + PARTNERS : 1 }, (_, i) => items[(position + i) % items.length]!);
  const loaded = useQueries({
    queries: [...new Map(wanted.map((item) => [item.id, item])).values()].map((item) => ({
      queryKey: ['item', item.id, 'example', task], queryFn: ({ signal }: { signal: AbortSignal }) => loadExample(item, task, classes, signal), staleTime: 300_000, gcTime: 60_000,
    })),
    combine: (results) => ({
      examples: results.length > 0 && results.every(({ data }) => data) ? results.map(({ data }) => data!) : null, error: results.find(({ error }) => error)?.error ?? null,
      retry: () => results.forEach(({ error, refetch }) => error && void refetch()),
    }),
  });
  const tiles = useVariants({ task, examples: loaded.examples, classes, options, inputSize, seed });

  const noun = kindNouns[annotationKindOf[task] ?? 'box'].many;
  if (use.error ?? found.error) return <ErrorState error={use.error ?? found.error} what="The images to preview" onRetry={() => void (use.error ? use.refetch() : found.refetch())} />;
  if (use.data && (!most || most.items === 0)) return <Text size="sm" c="dimmed" py="xl" ta="center">No image has {noun} yet. Label some, and they are shown here as training will see them.</Text>;
  if (found.data?.length === 0) return <Text size="sm" c="dimmed" py="xl" ta="center">The images with {noun} are in the trash.</Text>;
  const item = wanted[0];
  return (
    <section aria-label="Preview of the augmentation">
      <Group justify="space-between" mb="xs" gap="xs">
        <Text size="xs" truncate flex={1} miw={0}><b>Preview</b>{item && <Text span size="xs" c="dimmed"> · {item.path}</Text>}</Text>
        <Switch label="Labels" checked={labelled} onChange={(e) => setLabelled(e.currentTarget.checked)} />
        <Button leftSection={<IconPhoto size={15} aria-hidden />} disabled={items.length < 2} onClick={() => setPosition((at) => (at + 1) % items.length)}>Other image</Button>
        <Button leftSection={<IconArrowsShuffle size={15} aria-hidden />} disabled={!loaded.examples} onClick={() => setSeed((s) => s + 1)}>Other variants</Button>
      </Group>
      {loaded.error ? <ErrorState error={loaded.error} what={item ? `The image ${item.path}` : 'The image'} onRetry={loaded.retry} /> : (
        <div className={styles.tiles}>
          {Array.from({ length: TILES }, (_, i) => {
            const tile = tiles[i];
            const size = item && previewInput(item, inputSize);
            return tile
              ? <PreviewTile key={i} preview={tile} classes={classes} labelled={labelled} title={i === 0 ? 'As it is' : `Variant ${i}`} />
              : <Skeleton key={i} aria-busy="true" radius={4} style={{ aspectRatio: size ? `${size.width} / ${size.height}` : '4 / 3' }} />;
          })}
        </div>
      )}
      <Text size="xs" c="dimmed" mt={6}>At the full strength of the beginning.{task === 'landmarks' && ' In a mirror image left and right partners have changed places.'}{inputSize === null && ' The shape of the network’s input is chosen from the images.'}</Text>
    </section>
  );
}

interface Wanted { task: TaskName; examples: readonly PreviewExample[] | null; classes: readonly LabelClass[]; options: AugmentOptions; inputSize: number | null; seed: number }

/** Tiles one by one, each in a turn of its own, so that the page stays quick; those of earlier settings stand until then. */
function useVariants({ task, examples, classes, options, inputSize, seed }: Wanted): (Variant | undefined)[] {
  const [tiles, setTiles] = useState<{ of: PreviewExample | undefined; list: (Variant | undefined)[] }>({ of: undefined, list: [] });
  const first = examples?.[0];
  // Equal settings are the same settings, whichever object holds them.
  const key = JSON.stringify([options, inputSize, seed]);
  useEffect(() => {
    if (!examples) return;
    let timer: ReturnType<typeof setTimeout>;
    const make = (variant: number) => {
      const tile = variantOf({ task, examples, classes, options, inputSize }, seed, variant);
      setTiles(({ of, list }) => ({ of: examples[0], list: Array.from({ length: TILES }, (_, i) => (i === variant ? tile : of === examples[0] ? list[i] : undefined)) }));
      if (variant + 1 < TILES) timer = setTimeout(make, 0, variant + 1);
    };
    timer = setTimeout(make, PAUSE_MS, 0);
    return () => clearTimeout(timer);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `key` stands for options, inputSize and seed; `examples` for task and classes
  }, [key, examples]);
  return tiles.of === first ? tiles.list : [];
}

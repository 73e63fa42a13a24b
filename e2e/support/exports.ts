/** What exported files must say of what was drawn. */
import type { Annotation, LabelClass } from '@/lib/core/labels';
import { maskArea } from '@/lib/core/masks';
import type { CocoFile } from './archive';
import { maskOf } from './cells';
import { boxDistance, boxOf, expectBoxes } from './labelling';
import { expect } from './test';

interface Truth {
  /** By the images' paths. */
  drawn: ReadonlyMap<string, Annotation[]>;
  /** In the order of their creation. */
  classes: readonly LabelClass[];
}
type Files = Record<string, Uint8Array>;
const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

/** Every box, mask and landmark stands in the COCO files, under its class's index plus one. */
export async function expectCoco(zip: Files, { drawn, classes }: Truth): Promise<void> {
  const files = Object.entries(zip).filter(([name]) => /^annotations\/instances_\w+\.json$/.test(name)).map(([, bytes]) => JSON.parse(text(bytes)) as CocoFile);
  expect(files.flatMap((f) => f.images.map((i) => i.file_name)).sort()).toEqual([...drawn.keys()].sort());
  for (const file of files) {
    expect(file.categories.map((c) => [c.id, c.name])).toEqual(classes.map((c, i) => [i + 1, c.name]));
    for (const image of file.images) {
      const mine = file.annotations.filter((a) => a.image_id === image.id);
      const theirs = drawn.get(image.file_name)!;
      expect(mine).toHaveLength(theirs.length);
      for (const a of theirs) {
        const { index } = classes.find((c) => c.id === a.classId)!;
        const same = mine.filter((m) => m.category_id === index + 1);
        if (a.geometry.kind === 'box') {
          const box = boxOf(a);
          expect(same.some((m) => boxDistance({ x0: m.bbox[0], y0: m.bbox[1], x1: m.bbox[0] + m.bbox[2], y1: m.bbox[1] + m.bbox[3] }, box) < 0.01), `${image.file_name}: a box at ${box.x0}, ${box.y0}`).toBe(true);
        } else if (a.geometry.kind === 'mask') expect(same.map((m) => m.area)).toEqual([maskArea(maskOf(theirs))]);
        else {
          expect(same.map((m) => m.num_keypoints)).toEqual([a.geometry.points.filter((p) => p.v > 0).length]);
          expect(same[0]!.keypoints!.filter((_, i) => i % 3 === 2)).toEqual(a.geometry.points.map((p) => p.v));
        }
      }
    }
  }
}

/** Every box stands in its image's text file, under its class's index; the images are the files that came in. */
export async function expectYolo(zip: Files, { drawn, classes, splits, original }: Truth & { splits: ReadonlyMap<string, string>; original: (path: string) => Promise<Buffer> }): Promise<void> {
  const names = text(zip['data.yaml']);
  classes.forEach((c, i) => expect(names).toMatch(new RegExp(`^\\s+${i}: "?${c.name}"?$`, 'm')));
  for (const [path, annotations] of drawn) {
    const stem = `${splits.get(path)}/${path.replace(/\.png$/, '')}`;
    const lines = text(zip[`labels/${stem}.txt`]).trim().split('\n').filter(Boolean).map((l) => l.split(' ').map(Number));
    const boxes = annotations.filter((a) => a.geometry.kind === 'box');
    expect(lines).toHaveLength(boxes.length);
    expectBoxes(boxes, lines.map(([, cx, cy, w, h]) => ({ x0: (cx! - w! / 2) * 640, y0: (cy! - h! / 2) * 480, x1: (cx! + w! / 2) * 640, y1: (cy! + h! / 2) * 480 })), 0.01);
    expect(Buffer.from(zip[`images/${stem}.png`]!).equals(await original(path))).toBe(true);
  }
}

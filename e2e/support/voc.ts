import type { Rect } from './labelling';

/** Annotations as LabelImg writes them. */
export function vocXml(filename: string, objects: readonly { name: string; box: Rect }[]): string {
  const object = ({ name, box: { x0, y0, x1, y1 } }: (typeof objects)[number]) =>
    `<object><name>${name}</name><pose>Unspecified</pose><truncated>0</truncated><difficult>0</difficult><bndbox><xmin>${Math.round(x0)}</xmin><ymin>${Math.round(y0)}</ymin><xmax>${Math.round(x1)}</xmax><ymax>${Math.round(y1)}</ymax></bndbox></object>`;
  return `<annotation><folder>voc</folder><filename>${filename}</filename><size><width>640</width><height>480</height><depth>3</depth></size><segmented>0</segmented>${objects.map(object).join('')}</annotation>\n`;
}

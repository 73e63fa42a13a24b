/** What was downloaded, read by means that are not the product's own. */
import { readFile } from 'node:fs/promises';
import { unzipSync } from 'fflate';

/** The files of a zip by their paths. */
export async function unzip(file: string): Promise<Record<string, Uint8Array>> {
  return unzipSync(await readFile(file));
}

export interface CocoFile {
  images: { id: number; file_name: string; width: number; height: number }[];
  categories: { id: number; name: string; keypoints?: string[]; skeleton?: [number, number][] }[];
  annotations: { id: number; image_id: number; category_id: number; bbox: [number, number, number, number]; area: number; iscrowd: 0 | 1; keypoints?: number[]; num_keypoints?: number }[];
}

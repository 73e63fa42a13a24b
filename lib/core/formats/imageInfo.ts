import { sniffImage } from '../media';
import type { SourceEntry } from '../io';
import type { ImageInfo } from './dataset';

/** Enough of a file for nearly every header. */
const HEAD_BYTES = 65_536;
/** An image file larger than this is not read whole only to find its header. */
const MAX_WHOLE = 1_000_000_000;

/** The first bytes of a file: as many as nearly every image header takes. */
export async function headOf(entry: SourceEntry): Promise<Uint8Array> {
  const head = new Uint8Array(Math.min(HEAD_BYTES, Math.max(entry.size, 0)));
  let length = 0;
  for await (const chunk of entry.open()) {
    const part = chunk.subarray(0, head.length - length);
    head.set(part, length);
    length += part.length;
    if (length === head.length) break;
  }
  return head.subarray(0, length);
}

/** Size and orientation of an image from its header, for `ReadOptions.imageInfo`; null when it is not an image that can be read. */
export async function imageInfoOf(entry: SourceEntry): Promise<ImageInfo | null> {
  const head = await headOf(entry);
  let found = sniffImage(head);
  if ('fault' in found && found.fault === 'truncated' && entry.size > head.length) found = sniffImage(await entry.bytes(MAX_WHOLE));
  return 'fault' in found ? null : { width: found.width, height: found.height, orientation: found.orientation };
}

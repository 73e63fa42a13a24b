import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { exifOrientation, sniffImage, uprightSize, type ImageInfo } from '.';

const WIDTH = 37;
const HEIGHT = 23;
const picture = () => sharp(Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, i) => (i * 37) % 251), { raw: { width: WIDTH, height: HEIGHT, channels: 3 } });
const files: Record<string, Uint8Array> = {};

/** Files as libvips writes them: the independent truth. */
beforeAll(async () => {
  for (let o = 1; o <= 8; o++) {
    files[`jpeg ${o}`] = await picture().jpeg().withMetadata({ orientation: o }).toBuffer();
    files[`webp ${o}`] = await picture().webp().withMetadata({ orientation: o }).toBuffer();
    files[`tiff ${o}`] = await picture().tiff().withMetadata({ orientation: o }).toBuffer();
    files[`png ${o}`] = await picture().png().withMetadata({ orientation: o }).toBuffer();
  }
  files['jpeg progressive'] = await picture().jpeg({ progressive: true }).toBuffer();
  files['jpeg grey'] = await picture().toColourspace('b-w').jpeg().toBuffer();
  files['jpeg cmyk'] = await picture().toColourspace('cmyk').jpeg().toBuffer();
  files['jpeg profile'] = await picture().withIccProfile('p3').jpeg().toBuffer();
  files['webp plain'] = await picture().webp().toBuffer();
  files['webp lossless'] = await picture().webp({ lossless: true }).toBuffer();
  files['webp alpha'] = await picture().ensureAlpha(0.5).webp().toBuffer();
  files['png 16'] = await picture().toColourspace('rgb16').png().toBuffer();
  files['png palette'] = await picture().png({ palette: true, colours: 12 }).toBuffer();
  files['png grey alpha'] = await picture().toColourspace('b-w').ensureAlpha().png().toBuffer();
  files['tiff big'] = await picture().tiff({ bigtiff: true }).toBuffer();
  files['tiff pyramid'] = await sharp({ create: { width: 1000, height: 700, channels: 3, background: 'red' } }).tiff({ pyramid: true, tile: true }).toBuffer();
  files['gif'] = await picture().gif().toBuffer();
});

function info(name: string): ImageInfo {
  const found = sniffImage(files[name]!);
  if ('error' in found) throw new Error(`${name}: ${found.error}`);
  return found;
}

describe('images as another program writes them', () => {
  it('JPEG, WebP, TIFF, PNG: size and each of the eight orientations', async () => {
    for (const type of ['jpeg', 'webp', 'tiff', 'png'] as const)
      for (let o = 1; o <= 8; o++) {
        const found = info(`${type} ${o}`);
        expect([found.type, found.mime, found.width, found.height, found.orientation, found.bitDepth, found.channels], `${type} ${o}`).toEqual([type, `image/${type}`, WIDTH, HEIGHT, o, 8, 3]);
        const turned = await sharp(files[`${type} ${o}`]).autoOrient().toBuffer({ resolveWithObject: true });
        expect(uprightSize(found), `${type} ${o}`).toEqual({ width: turned.info.width, height: turned.info.height });
      }
  });

  it('depth, channels, palettes and pages', () => {
    const layout = (name: string) => {
      const f = info(name);
      return [f.width, f.height, f.bitDepth, f.channels, f.palette ?? false];
    };
    expect(layout('jpeg progressive')).toEqual([WIDTH, HEIGHT, 8, 3, false]);
    expect(layout('jpeg grey')).toEqual([WIDTH, HEIGHT, 8, 1, false]);
    expect(layout('jpeg cmyk')).toEqual([WIDTH, HEIGHT, 8, 4, false]);
    expect(layout('jpeg profile')).toEqual([WIDTH, HEIGHT, 8, 3, false]);
    expect(layout('webp plain')).toEqual([WIDTH, HEIGHT, 8, 3, false]);
    expect(layout('webp lossless')).toEqual([WIDTH, HEIGHT, 8, 3, false]);
    expect(layout('webp alpha')).toEqual([WIDTH, HEIGHT, 8, 4, false]);
    expect(layout('png 16')).toEqual([WIDTH, HEIGHT, 16, 3, false]);
    expect(layout('png palette')).toEqual([WIDTH, HEIGHT, 4, 1, true]);
    expect(layout('png grey alpha')).toEqual([WIDTH, HEIGHT, 8, 2, false]);
    expect(layout('tiff big')).toEqual([WIDTH, HEIGHT, 8, 3, false]);
    expect([info('tiff pyramid').width, info('tiff pyramid').pages! > 1]).toEqual([1000, true]);
    expect(layout('gif').slice(0, 2)).toEqual([WIDTH, HEIGHT]);
  });
});

describe('files that are not images, or not whole', () => {
  const ascii = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));
  it('say what they are', () => {
    const cases: [Uint8Array, string, string | undefined][] = [
      [new Uint8Array(0), 'truncated', undefined],
      [ascii('hello, world'), 'unknown', undefined],
      [ascii('\0\0\0\x18ftypheic\0\0\0\0'), 'unsupported', 'heic'],
      [ascii('\0\0\0\x18ftypavif\0\0\0\0'), 'unsupported', 'avif'],
      [ascii('\0\0\0\x18ftypisom\0\0\0\0'), 'unsupported', 'video'],
      [ascii('\0\0\0\x0cjP  \r\n\x87\n'), 'unsupported', 'jpeg2000'],
      [ascii('%PDF-1.7'), 'unsupported', 'pdf'],
      [ascii('PK\x03\x04....'), 'unsupported', 'zip'],
      [Uint8Array.of(...new Uint8Array(128), ...ascii('DICM')), 'unsupported', 'dicom'],
      [ascii('\xff\xd8\xff\xd9'), 'malformed', 'jpeg'],
      [ascii('\xff\xd8\xff\xe0\0\x01'), 'malformed', 'jpeg'],
      [ascii('P5 0 4 255\n'), 'malformed', 'pgm'],
      [ascii('II*\0\x08\0\0\0\0\0\0\0\0\0'), 'malformed', 'tiff'],
    ];
    for (const [bytes, fault, type] of cases) expect(sniffImage(bytes)).toMatchObject({ fault, ...(type && { type }) });
  });

  it('a TIFF whose directories go round in a ring', () => {
    const bytes = Uint8Array.from(files['tiff 1']!);
    const view = new DataView(bytes.buffer);
    const first = view.getUint32(4, true);
    view.setUint32(first + 2 + 12 * view.getUint16(first, true), first, true);
    expect(sniffImage(bytes)).toMatchObject({ fault: 'malformed', error: expect.stringMatching(/ring/) });
  });

  it('every truncation gives the same figures or says that the file ends, and more bytes never make it worse', () => {
    for (const [name, bytes] of Object.entries(files)) {
      const whole = info(name);
      for (let n = 0; n < bytes.length; n += n < 300 ? 1 : 61) {
        const found = sniffImage(bytes.subarray(0, n));
        if ('error' in found) {
          expect(['truncated', 'unknown', 'malformed'], `${name} at ${n}: ${found.error}`).toContain(found.fault);
          if (n > 40) expect(found.fault, `${name} at ${n}: ${found.error}`).toBe('truncated');
        } else expect({ ...found, pages: 0, orientation: whole.orientation }).toEqual({ ...whole, pages: 0 });
      }
    }
  });

  it('damaged bytes never make it throw', () => {
    const names = () => Object.values(files);
    fc.assert(fc.property(fc.nat(), fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 12 }), (which, changes) => {
      const bytes = Uint8Array.from(names()[which % names().length]!);
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      const found = sniffImage(bytes);
      if (!('error' in found)) expect(found.width > 0 && found.height > 0).toBe(true);
    }), { numRuns: 1500 });
    const starts = ['\xff\xd8\xff', '\x89PNG\r\n\x1a\n', 'RIFF....WEBPVP8', 'II*\0', 'MM\0*', 'II+\0\x08\0\0\0', 'BM', 'P1 ', 'P6\n', 'GIF89a', ''];
    fc.assert(fc.property(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 300 }), (start, rest) => {
      const found = sniffImage(Uint8Array.of(...ascii(start), ...rest));
      if ('error' in found) expect(found.error.length).toBeGreaterThan(5);
      expect([1, 2, 3, 4, 5, 6, 7, 8]).toContain(exifOrientation(rest));
    }), { numRuns: 2500 });
  });
});

const data = process.env['FIELDMARK_TEST_DATA'] ?? path.resolve(import.meta.dirname, '../../../../shared/data');
if (!existsSync(data)) console.log('media/sniff: skipped on real images, no data at FIELDMARK_TEST_DATA');

describe.skipIf(!existsSync(data))('real images', () => {
  it('agree with libvips, from their first 64 kB', async () => {
    const folders = ['detection/bccd', 'segmentation/camvid', 'faces/orl', 'landmarks/udacity_faces68', 'interop/datumaro_oe'];
    const found: string[] = [];
    for (const folder of folders) {
      const images = readdirSync(path.join(data, folder), { recursive: true, withFileTypes: true }).filter((e) => e.isFile() && /\.(jpe?g|png|webp|tiff?|bmp|pgm)$/i.test(e.name)).map((e) => path.join(e.parentPath, e.name)).sort();
      found.push(...images.filter((_, i) => i % Math.ceil(images.length / 25) === 0));
    }
    expect(found.length).toBeGreaterThan(60);
    for (const file of found) {
      const bytes = readFileSync(file);
      const mine = sniffImage(bytes.subarray(0, 65536));
      const theirs = await sharp(bytes).metadata().catch(() => null);
      if (!theirs) continue;
      expect(mine, path.basename(file)).toMatchObject({ type: theirs.format, width: theirs.width, height: theirs.height, orientation: theirs.orientation ?? 1 });
    }
  }, 20_000);
});

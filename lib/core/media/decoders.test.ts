import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { zlibSync } from 'fflate';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { MediaError, decodeBmp, decodePng, decodePnm, encodePng, pnmTo8Bit, readIndexPng, sniffImage, writeIndexPng } from '.';

const data = process.env['FIELDMARK_TEST_DATA'] ?? path.resolve(import.meta.dirname, '../../../../shared/data');
const present = existsSync(data);
if (!present) console.log('media/decoders: skipped on real files, no data at FIELDMARK_TEST_DATA');

/** Runs a decoder; the only thing it may throw is a MediaError. */
function guarded<T>(decode: () => T): T | MediaError {
  try {
    return decode();
  } catch (error) {
    expect(error).toBeInstanceOf(MediaError);
    return error as MediaError;
  }
}

type Rgb = [number, number, number];
const le = (value: number, bytes: number) => Array.from({ length: bytes }, (_, i) => Math.floor((value < 0 ? value + 2 ** 32 : value) / 2 ** (8 * i)) & 255);

/** A bitmap, written from the documentation: rows are given in the order of the file. */
function bmp(o: { width: number; height: number; bits: number; compression?: number; palette?: Rgb[]; masks?: number[]; headerSize?: number; rows?: number[][]; body?: number[] }): Uint8Array {
  const { width, height, bits, compression = 0, palette = [], masks = [], headerSize = 40 } = o;
  const body = o.body ?? o.rows!.flatMap((row) => [...row, ...new Array<number>((4 - (row.length % 4)) % 4).fill(0)]);
  const colours = palette.flatMap(([r, g, b]) => (headerSize === 12 ? [b, g, r] : [b, g, r, 0]));
  const fields = masks.flatMap((m) => le(m, 4));
  const header = headerSize === 12
    ? [...le(12, 4), ...le(width, 2), ...le(height, 2), ...le(1, 2), ...le(bits, 2)]
    : [...le(headerSize, 4), ...le(width, 4), ...le(height, 4), ...le(1, 2), ...le(bits, 2), ...le(compression, 4), ...le(body.length, 4), ...le(2835, 4), ...le(2835, 4), ...le(palette.length, 4), ...le(0, 4), ...fields, ...new Array<number>(Math.max(0, headerSize - 40 - fields.length)).fill(0)];
  const offset = 14 + header.length + colours.length;
  return Uint8Array.from([0x42, 0x4d, ...le(offset + body.length, 4), 0, 0, 0, 0, ...le(offset, 4), ...header, ...colours, ...body]);
}

const palette16: Rgb[] = Array.from({ length: 16 }, (_, i) => [i * 16, 255 - i * 3, (i * 71) % 256]);
const opaque = (colours: Rgb[]) => colours.flatMap((c) => [...c, 255]);

describe('BMP', () => {
  it('1, 2, 4 and 8 bits with a palette, from the bottom and from the top, any width', () => {
    fc.assert(fc.property(fc.constantFrom(1, 2, 4, 8), fc.integer({ min: 1, max: 19 }), fc.integer({ min: 1, max: 5 }), fc.boolean(), fc.nat(), (bits, width, height, topDown, seed) => {
      const count = Math.min(16, 2 ** bits);
      const pixel = (x: number, y: number) => (x * 7 + y * 13 + seed) % count;
      const rows = Array.from({ length: height }, (_, row) => {
        const y = topDown ? row : height - 1 - row;
        const packed = new Array<number>(Math.ceil((width * bits) / 8)).fill(0);
        for (let x = 0; x < width; x++) packed[Math.floor((x * bits) / 8)]! |= pixel(x, y) << (8 - bits - ((x * bits) % 8));
        return packed;
      });
      const image = decodeBmp(bmp({ width, height: topDown ? -height : height, bits, palette: palette16.slice(0, count), rows }));
      const expected = Array.from({ length: width * height }, (_, i) => palette16[pixel(i % width, Math.floor(i / width))]!);
      expect([...image.data]).toEqual(opaque(expected));
    }));
  });

  it('24 and 32 bits: blue first; the fourth byte is no alpha', () => {
    expect([...decodeBmp(bmp({ width: 2, height: 1, bits: 24, rows: [[3, 2, 1, 6, 5, 4]] })).data]).toEqual(opaque([[1, 2, 3], [4, 5, 6]]));
    expect([...decodeBmp(bmp({ width: 1, height: 2, bits: 32, rows: [[3, 2, 1, 0], [6, 5, 4, 9]] })).data]).toEqual(opaque([[4, 5, 6], [1, 2, 3]]));
  });

  it('16 bits: 5-5-5, and 5-6-5 by masks; 32 bits by masks with alpha', () => {
    const word = 0b0_11111_00000_10000;
    expect([...decodeBmp(bmp({ width: 1, height: 1, bits: 16, rows: [le(word, 2)] })).data]).toEqual([255, 0, Math.round((16 * 255) / 31), 255]);
    expect([...decodeBmp(bmp({ width: 1, height: 1, bits: 16, compression: 3, masks: [0xf800, 0x7e0, 0x1f], rows: [le(0b10000_111111_00001, 2)] })).data]).toEqual([Math.round((16 * 255) / 31), 255, Math.round(255 / 31), 255]);
    const masks = [0xff000000, 0x00ff0000, 0x0000ff00, 0x000000ff];
    for (const headerSize of [56, 108, 124]) expect([...decodeBmp(bmp({ width: 1, height: 1, bits: 32, compression: 3, masks, headerSize, rows: [le(0x11223344, 4)] })).data]).toEqual([0x11, 0x22, 0x33, 0x44]);
    expect([...decodeBmp(bmp({ width: 1, height: 1, bits: 32, compression: 3, masks: masks.slice(0, 3), rows: [le(0x11223344, 4)] })).data]).toEqual([0x11, 0x22, 0x33, 255]);
    // Ten bits a colour.
    expect([...decodeBmp(bmp({ width: 1, height: 1, bits: 32, compression: 3, masks: [0x3ff00000, 0xffc00, 0x3ff], rows: [le((1023 << 20) | (512 << 10), 4)] })).data]).toEqual([255, Math.round((512 * 255) / 1023), 0, 255]);
  });

  it('OS/2 core header', () => {
    expect([...decodeBmp(bmp({ width: 3, height: 1, bits: 4, headerSize: 12, palette: palette16, rows: [[0x12, 0x30]] })).data]).toEqual(opaque([palette16[1]!, palette16[2]!, palette16[3]!]));
    expect([...decodeBmp(bmp({ width: 1, height: 1, bits: 24, headerSize: 12, rows: [[3, 2, 1]] })).data]).toEqual([1, 2, 3, 255]);
  });

  it("RLE8 and RLE4: Microsoft's own examples", () => {
    // "Bitmap Compression": 03 04 05 06 00 03 45 56 67 00 02 78 00 02 05 01 02 78 00 00 09 1E 00 01.
    const stream = [0x03, 0x04, 0x05, 0x06, 0x00, 0x03, 0x45, 0x56, 0x67, 0x00, 0x02, 0x78, 0x00, 0x02, 0x05, 0x01, 0x02, 0x78, 0x00, 0x00, 0x09, 0x1e, 0x00, 0x01];
    const greys: Rgb[] = Array.from({ length: 256 }, (_, i) => [i, i, i]);
    const eight = decodeBmp(bmp({ width: 20, height: 3, bits: 8, compression: 1, palette: greys, body: stream }));
    const row = (image: { data: Uint8Array }, y: number, width: number) => Array.from({ length: width }, (_, x) => image.data[(y * width + x) * 4]);
    const filled = (values: number[], n: number, at = 0) => [...new Array<number>(at).fill(0), ...values, ...new Array<number>(n - at - values.length).fill(0)];
    expect(row(eight, 2, 20)).toEqual(filled([4, 4, 4, 6, 6, 6, 6, 6, 0x45, 0x56, 0x67, 0x78, 0x78], 20));
    expect(row(eight, 1, 20)).toEqual(filled([0x78, 0x78], 20, 18));
    expect(row(eight, 0, 20)).toEqual(filled(new Array<number>(9).fill(0x1e), 20));

    const four = [0x03, 0x04, 0x05, 0x06, 0x00, 0x06, 0x45, 0x56, 0x67, 0x00, 0x04, 0x78, 0x00, 0x02, 0x05, 0x01, 0x04, 0x78, 0x00, 0x00, 0x09, 0x1e, 0x00, 0x01];
    const image = decodeBmp(bmp({ width: 28, height: 3, bits: 4, compression: 2, palette: greys.slice(0, 16), body: four }));
    expect(row(image, 2, 28)).toEqual(filled([0, 4, 0, 0, 6, 0, 6, 0, 4, 5, 5, 6, 6, 7, 7, 8, 7, 8], 28));
    expect(row(image, 1, 28)).toEqual(filled([7, 8, 7, 8], 28, 23));
    expect(row(image, 0, 28)).toEqual(filled([1, 0xe, 1, 0xe, 1, 0xe, 1, 0xe, 1], 28));
  });

  it('refuses what is wrong, in words', () => {
    const ok = bmp({ width: 4, height: 4, bits: 24, rows: Array.from({ length: 4 }, () => new Array<number>(12).fill(9)) });
    for (let n = 0; n < ok.length; n++) expect(guarded(() => decodeBmp(ok.slice(0, n)))).toBeInstanceOf(MediaError);
    expect(() => decodeBmp(ok, { maxPixels: 15 })).toThrow(/4 × 4 pixels; at most 15/);
    expect(() => decodeBmp(bmp({ width: 60000, height: 60000, bits: 24, rows: [] }))).toThrow(/at most/);
    expect(() => decodeBmp(bmp({ width: 0, height: 4, bits: 24, rows: [] }))).toThrow(/0 × 4/);
    expect(() => decodeBmp(bmp({ width: 4, height: 4, bits: 5, rows: [] }))).toThrow(/5 bits/);
    expect(() => decodeBmp(bmp({ width: 4, height: -4, bits: 8, compression: 1, body: [0, 1] }))).toThrow(/from the top/);
    expect(() => decodeBmp(bmp({ width: 4, height: 4, bits: 4, compression: 1, body: [0, 1] }))).toThrow(/combines/);
    expect(() => decodeBmp(bmp({ width: 4, height: 4, bits: 0, compression: 4, body: [0, 1] }))).toThrow(/JPEG or PNG/);
    expect(() => decodeBmp(bmp({ width: 4, height: 4, bits: 8, compression: 1, body: [0] }))).toThrow(/ends in the middle/);
  });

  it('damaged bytes never make it throw anything else', () => {
    const samples = [
      bmp({ width: 9, height: 5, bits: 4, palette: palette16, rows: Array.from({ length: 5 }, () => [1, 2, 3, 4, 5]) }),
      bmp({ width: 20, height: 3, bits: 8, compression: 1, palette: palette16, body: [3, 4, 5, 6, 0, 3, 69, 86, 103, 0, 2, 120, 0, 2, 5, 1, 2, 120, 0, 0, 9, 30, 0, 1] }),
      bmp({ width: 3, height: 2, bits: 16, compression: 3, masks: [0xf800, 0x7e0, 0x1f], rows: [[1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6]] }),
    ];
    fc.assert(fc.property(fc.constantFrom(...samples), fc.array(fc.tuple(fc.nat(140), fc.nat(255)), { maxLength: 8 }), (sample, changes) => {
      const bytes = sample.slice();
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      guarded(() => decodeBmp(bytes, { maxPixels: 10_000 }));
    }), { numRuns: 2000 });
  });

  it.skipIf(!present)('content decides, not the name: a PNG named .bmp', () => {
    const bytes = readFileSync(path.join(data, 'interop/datumaro_oe/icdar_dataset/text_segmentation/train/1_GT.bmp'));
    expect(sniffImage(bytes)).toMatchObject({ type: 'png', width: 5, height: 2 });
    expect(() => decodeBmp(bytes)).toThrow(/not a BMP/);
    expect(decodePng(bytes)).toMatchObject({ width: 5, height: 2, channels: 3 });
  });

  it('sniffing tells size and depth', () => {
    expect(sniffImage(bmp({ width: 7, height: -3, bits: 24, rows: [] }))).toMatchObject({ type: 'bmp', mime: 'image/bmp', width: 7, height: 3, bitDepth: 8, channels: 3, palette: false, orientation: 1 });
    expect(sniffImage(bmp({ width: 7, height: 3, bits: 4, palette: palette16, rows: [] }))).toMatchObject({ bitDepth: 4, channels: 1, palette: true });
  });
});

describe('PGM, PPM and PBM', () => {
  const text = (s: string) => Uint8Array.from(s, (c) => c.charCodeAt(0));

  it('text and binary hold the same samples; comments and blanks do not matter', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 4 }), fc.constantFrom(1, 3), fc.constantFrom(1, 7, 255, 256, 65535), fc.nat(), (width, height, channels, max, seed) => {
      const samples = Array.from({ length: width * height * channels }, (_, i) => (i * 101 + seed) % (max + 1));
      const magic = channels === 3 ? [3, 6] : [2, 5];
      const plain = text(`P${magic[0]} # made by hand\n${width}\t${height}\n#another\n${max}\n${samples.join('\n ')}`);
      const body = samples.flatMap((v) => (max > 255 ? [v >> 8, v & 255] : [v]));
      const binary = Uint8Array.of(...text(`P${magic[1]}\n${width} ${height}\n${max}\n`), ...body);
      for (const bytes of [plain, binary]) {
        const image = decodePnm(bytes);
        expect([image.width, image.height, image.channels, image.maxValue, ...image.data]).toEqual([width, height, channels, max, ...samples]);
        expect([...pnmTo8Bit(image).data]).toEqual(samples.map((v) => Math.round((v * 255) / max)));
        expect(sniffImage(bytes)).toMatchObject({ type: channels === 3 ? 'ppm' : 'pgm', width, height, channels });
      }
      for (let n = 0; n < binary.length; n++) expect(guarded(() => decodePnm(binary.slice(0, n)))).toBeInstanceOf(MediaError);
    }), { numRuns: 60 });
  });

  it('bitmaps: 1 in the file is black', () => {
    expect([...decodePnm(text('P1\n3 2\n10 1\n0#c\n11')).data]).toEqual([0, 1, 0, 1, 0, 0]);
    expect([...decodePnm(Uint8Array.of(...text('P4 9 2\n'), 0b10100000, 0, 0, 0b10000000)).data]).toEqual([0, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0]);
  });

  it('refuses what is wrong, and never throws anything else', () => {
    expect(() => decodePnm(text('P5 3 3 70000\n'))).toThrow(/highest value/);
    expect(() => decodePnm(text('P5 3 x 255\n'))).toThrow(/height/);
    expect(() => decodePnm(text('P2 2 1 9\n3 10'))).toThrow(/sample 2 is 10/);
    expect(() => decodePnm(text('P1 2 1\n1 2'))).toThrow(/neither 0 nor 1/);
    expect(() => decodePnm(text('P5 99999 99999 255\n'))).toThrow(/at most/);
    expect(() => decodePnm(text('P5 999 999 255\n'))).toThrow(/bytes of pixels/);
    fc.assert(fc.property(fc.constantFrom('P1', 'P2', 'P3', 'P4', 'P5', 'P6'), fc.array(fc.constantFrom('0', '1', '9', ' ', '\n', '#', 'x', '255', '65535'), { maxLength: 30 }), (magic, parts) => {
      guarded(() => decodePnm(text(`${magic} ${parts.join('')}`), { maxPixels: 10_000 }));
    }), { numRuns: 1500 });
  });

  it.skipIf(!present)('real graymaps', () => {
    const folder = path.join(data, 'faces/orl/pgm_samples');
    for (const name of readdirSync(folder).filter((n) => n.endsWith('.pgm'))) expect(decodePnm(readFileSync(path.join(folder, name)))).toMatchObject({ width: 92, height: 112, channels: 1, maxValue: 255 });
  });
});

describe('PNG', () => {
  const noise = (n: number, max: number) => Array.from({ length: n }, (_, i) => (i * 2654435761) % (max + 1));

  it('reads what libvips writes: 8 and 16 bits, grey to RGBA, interlaced or not', async () => {
    for (const channels of [1, 2, 3, 4] as const)
      for (const progressive of [false, true]) {
        const eight = Uint8Array.from(noise(13 * 7 * channels, 255));
        const image = decodePng(await sharp(eight, { raw: { width: 13, height: 7, channels } }).toColourspace(channels < 3 ? 'b-w' : 'srgb').png({ progressive }).toBuffer());
        expect([image.width, image.height, image.depth, image.channels]).toEqual([13, 7, 8, channels]);
        expect([...image.data]).toEqual([...eight]);
      }
    const sixteen = Uint16Array.from(noise(13 * 7, 65535));
    const grey = decodePng(await sharp(sixteen, { raw: { width: 13, height: 7, channels: 1 } }).toColourspace('grey16').png().toBuffer());
    expect([grey.depth, ...grey.data]).toEqual([16, ...sixteen]);
  });

  it('palettes of 1, 2, 4 and 8 bits keep their indices', async () => {
    for (const [colours, depth] of [[2, 1], [4, 2], [16, 4], [200, 8]] as const) {
      const rgb = Uint8Array.from(noise(29 * 11, colours - 1).flatMap((i) => [i, 255 - i, (i * 7) % 256]));
      const png = await sharp(rgb, { raw: { width: 29, height: 11, channels: 3 } }).png({ palette: true, colours, dither: 0, effort: 1 }).toBuffer();
      const image = decodePng(png);
      expect(image.depth).toBe(depth);
      const back = await sharp(png).removeAlpha().raw().toBuffer();
      expect([...image.data].flatMap((i) => image.palette![i]!.slice(0, 3))).toEqual([...back]);
    }
  });

  it('index images come back as they were, and libvips sees their colours', async () => {
    const palette = Array.from({ length: 20 }, (_, i) => [i * 12, 255 - i, (i * 31) % 256]);
    await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 12 }), fc.constantFrom('palette', 'grey8', 'grey16'), fc.nat(), async (width, height, form, seed) => {
      const values = Array.from({ length: width * height }, (_, i) => ((i * 97 + seed) % (form === 'grey16' ? 65536 : form === 'grey8' ? 256 : 20)));
      const indices = form === 'grey16' ? Uint16Array.from(values) : Uint8Array.from(values);
      const bytes = writeIndexPng({ width, height, indices, ...(form === 'palette' && { palette }) });
      expect(writeIndexPng({ width, height, indices, ...(form === 'palette' && { palette }) })).toEqual(bytes);
      const read = readIndexPng(bytes);
      expect([read.width, read.height, ...read.indices]).toEqual([width, height, ...values]);
      expect(read.palette).toEqual(form === 'palette' ? palette : undefined);
      if (form === 'palette') expect([...(await sharp(bytes).raw().toBuffer())]).toEqual(values.flatMap((v) => palette[v]!));
    }), { numRuns: 25 });
  });

  it('refuses what does not fit', async () => {
    expect(() => writeIndexPng({ width: 2, height: 1, indices: Uint8Array.of(0, 5), palette: [[0, 0, 0]] })).toThrow(/pixel value 5/);
    expect(() => writeIndexPng({ width: 2, height: 2, indices: Uint8Array.of(0) })).toThrow(/4 pixels, not 1/);
    const colour = encodePng({ width: 2, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3, 4, 5, 6) });
    expect([...decodePng(colour).data]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(() => readIndexPng(colour)).toThrow(/3 channels/);
    expect(() => decodePng(colour, { maxPixels: 1 })).toThrow(/at most 1/);
  });

  it('a small file that would unpack into gigabytes is refused early', () => {
    const png = writeIndexPng({ width: 8, height: 8, indices: new Uint8Array(64) });
    const bomb = zlibSync(new Uint8Array(50_000_000), { level: 9 });
    const at = Buffer.from(png).indexOf('IDAT') - 4;
    const length = new DataView(png.buffer, png.byteOffset).getUint32(at);
    const chunk = new Uint8Array(12 + bomb.length);
    new DataView(chunk.buffer).setUint32(0, bomb.length);
    chunk.set(Buffer.from('IDAT'), 4);
    chunk.set(bomb, 8);
    expect(() => decodePng(Uint8Array.of(...png.slice(0, at), ...chunk, ...png.slice(at + 12 + length)))).toThrow(/more than its size declares/);
  });

  it('truncated or damaged bytes never make it throw anything but a MediaError, and are noticed', () => {
    const png = writeIndexPng({ width: 9, height: 6, indices: Uint8Array.from(noise(54, 9)), palette: Array.from({ length: 10 }, (_, i) => [i, i, i]) });
    for (let n = 0; n < png.length; n++) expect(guarded(() => decodePng(png.slice(0, n)))).toBeInstanceOf(MediaError);
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(png.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }), (changes) => {
      const bytes = png.slice();
      for (const [at, value] of changes) bytes[at] = value;
      const result = guarded(() => decodePng(bytes, { maxPixels: 100_000 }));
      // Checksums catch whatever is not the same file.
      if (!(result instanceof MediaError)) expect([...result.data]).toEqual([...decodePng(png).data]);
    }), { numRuns: 2000 });
  });

  it.skipIf(!present)('real masks keep their class numbers', () => {
    const folder = path.join(data, 'segmentation/camvid');
    const masks = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((e) => e.isFile() && e.name.endsWith('.png')).map((e) => path.join(e.parentPath, e.name));
    let seen = 0;
    for (const file of masks.filter((_, i) => i % 60 === 0)) {
      const bytes = readFileSync(file);
      const found = sniffImage(bytes);
      if ('error' in found || found.channels !== 1) continue;
      const { width, height, indices } = readIndexPng(bytes);
      expect([width, height]).toEqual([480, 360]);
      expect(indices.every((v) => v <= 11)).toBe(true);
      seen++;
    }
    expect(seen).toBeGreaterThan(3);
  });
});

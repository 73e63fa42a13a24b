import { expect, it } from 'vitest';
import { HashingStream } from './hashing';

it('hashes what goes by, whatever the chunks', async () => {
  const stream = new HashingStream();
  const chunks: string[] = [];
  for await (const chunk of stream.through((async function* () { yield Buffer.from('ab'); yield Buffer.from('c'); })())) chunks.push(Buffer.from(chunk).toString());
  expect([chunks, stream.bytes, stream.digest()]).toEqual([['ab', 'c'], 3, 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad']);
});

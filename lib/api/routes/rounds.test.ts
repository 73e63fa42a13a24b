import { expect, it } from 'vitest';
import { trainOptions } from './rounds';

const startOf = (start: unknown) => trainOptions.safeParse({ start });

it('begins with the weights of a model of the project, or of one at an address', () => {
  for (const start of ['default', 'scratch', '01890000-0000-7000-8000-000000000001', 'https://example.org/a/model.json?key=1', 'http://example.org/model.json']) expect(startOf(start).data?.start).toBe(start);
  expect(startOf(undefined).data?.start).toBe('default');
});

it('takes no file of the server, no other protocol, and no password', () => {
  for (const start of ['', '/etc/passwd', 'models/one', 'file:///etc/passwd', 'ftp://example.org/model.json', 'https://ada:secret@example.org/model.json', 'https://']) expect(startOf(start).success, start).toBe(false);
});

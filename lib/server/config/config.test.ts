import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, loadConfig, secret, settings } from '.';
import { configurationPage } from './page';

describe('settings', () => {
  it('have defaults for everything', () => {
    expect(loadConfig({})).toMatchObject({
      host: '127.0.0.1', port: 4400, url: 'http://localhost:4400', tls: null, s3: null, databaseUrl: null, workers: 1, web: true,
      dataDir: path.resolve('.data'), cacheDir: path.resolve('.data/cache'), queues: { quick: 2, batch: 1, train: 1 },
    });
  });

  it('take an empty variable for an absent one', () => {
    expect(loadConfig({ FIELDMARK_PORT: '', DATABASE_URL: '  ', S3_ENDPOINT: '' })).toMatchObject({ port: 4400, databaseUrl: null, s3: null });
  });

  it('make the address from what is known, and keep one that is given', () => {
    expect(loadConfig({ FIELDMARK_HOST: '0.0.0.0', FIELDMARK_PORT: '80' }).url).toBe('http://localhost:80');
    expect(loadConfig({ FIELDMARK_HOST: 'box.lan', FIELDMARK_TLS_CERT: 'c.pem', FIELDMARK_TLS_KEY: 'k.pem' }).url).toBe('https://box.lan:4400');
    expect(loadConfig({ FIELDMARK_URL: 'https://labels.example.org/' }).url).toBe('https://labels.example.org');
  });

  it('read the queues of a worker', () => {
    expect(loadConfig({ FIELDMARK_QUEUES: 'train:2,quick' }).queues).toEqual({ quick: 1, batch: 0, train: 2 });
  });

  it('name every fault at once, never a secret value', () => {
    const wrong = { FIELDMARK_PORT: 'http', DATABASE_URL: 'mysql://root:hunter2@x/y', S3_ENDPOINT: 'https://s3.example.org', FIELDMARK_TLS_CERT: 'a.pem', FIELDMARK_SECRET: 'short' };
    let error: unknown;
    try {
      loadConfig(wrong);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(ConfigError);
    const { message, problems } = error as ConfigError;
    expect(problems).toHaveLength(5);
    expect(message).toContain('FIELDMARK_PORT is "http" but must be a whole number');
    expect(message).toContain('DATABASE_URL must be an address beginning with postgres:// or postgresql://');
    expect(message).toContain('FIELDMARK_TLS_KEY is missing');
    expect(message).toContain('S3_ACCESS_KEY and S3_SECRET_KEY are missing');
    expect(message).not.toMatch(/hunter2|short/);
  });

  it('are described in docs/configuration.md as they are', () => {
    expect(readFileSync('docs/configuration.md', 'utf8')).toBe(configurationPage());
    for (const name of Object.keys(settings)) expect(configurationPage()).toContain(`\`${name}\``);
  });
});

describe('the secret', () => {
  let dataDir: string;
  beforeEach(() => {
    dataDir = mkdtempSync(path.join(os.tmpdir(), 'fieldmark-secret-'));
  });
  afterEach(() => rmSync(dataDir, { recursive: true }));

  it('is made once, kept for its owner only, and overruled by the environment', () => {
    const made = secret({ secret: null, dataDir });
    expect(made.length).toBeGreaterThanOrEqual(40);
    expect(secret({ secret: null, dataDir })).toBe(made);
    expect(statSync(path.join(dataDir, 'secret')).mode & 0o777).toBe(0o600);
    expect(secret({ secret: 'x'.repeat(32), dataDir })).toBe('x'.repeat(32));
  });

  it('is not silently replaced when its file was emptied', () => {
    writeFileSync(path.join(dataDir, 'secret'), '');
    expect(() => secret({ secret: null, dataDir })).toThrow(/is empty/);
  });
});

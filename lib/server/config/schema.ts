import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';

const MEGA = 1_000_000;

/** An environment variable that is set but empty counts as absent. */
const text = () => z.string().trim().min(1);
const whole = (min: number, max: number) =>
  z.string().regex(/^\d+$/, 'must be a whole number').transform(Number).pipe(z.number().min(min).max(max));
const url = (...protocols: string[]) =>
  text().refine((value) => {
    try {
      return protocols.includes(new URL(value).protocol);
    } catch {
      return false;
    }
  }, `must be an address beginning with ${protocols.map((p) => `${p}//`).join(' or ')}`);
const flag = () => z.enum(['0', '1', 'true', 'false', 'yes', 'no'], 'must be 1 or 0').transform((v) => v === '1' || v === 'true' || v === 'yes');

export interface Setting {
  schema: z.ZodType;
  /** The default as a person would write it, for the documentation. */
  default: string;
  help: string;
  group: 'Address' | 'Storage' | 'Limits' | 'Work' | 'Other';
  secret?: boolean;
}

/** Every environment variable the server side reads, in the order of the documentation. */
export const settings = {
  FIELDMARK_HOST: { group: 'Address', schema: text().default('127.0.0.1'), default: '127.0.0.1', help: 'Address to listen on. `0.0.0.0` lets other machines in.' },
  FIELDMARK_PORT: { group: 'Address', schema: whole(0, 65_535).default(4400), default: '4400', help: 'Port to listen on.' },
  FIELDMARK_URL: { group: 'Address', schema: url('http:', 'https:').optional(), default: 'from host and port', help: 'The address people type, when it differs (a proxy, a host name). Links and cookies are made for it.' },
  FIELDMARK_TLS_CERT: { group: 'Address', schema: text().optional(), default: 'none', help: 'Path of a PEM certificate chain; serves https. Needs `FIELDMARK_TLS_KEY`.' },
  FIELDMARK_TLS_KEY: { group: 'Address', schema: text().optional(), default: 'none', help: 'Path of the PEM private key of the certificate.' },
  FIELDMARK_TRUST_PROXY: { group: 'Address', schema: flag().optional(), default: '0', help: 'Set to 1 behind a proxy that sets `X-Forwarded-For` and `X-Forwarded-Proto`.' },

  FIELDMARK_DATA: { group: 'Storage', schema: text().default('.data'), default: '.data', help: 'Folder of all state on this machine. Deleting it starts anew.' },
  FIELDMARK_CACHE: { group: 'Storage', schema: text().optional(), default: '`cache` in the data folder', help: 'Folder for what can be computed again (features, pyramids). Without a server `fieldmark train` keeps features there too, else in the user\'s cache folder.' },
  DATABASE_URL: { group: 'Storage', schema: url('postgres:', 'postgresql:').optional(), default: 'embedded', help: 'PostgreSQL 15 or newer. Without it a PostgreSQL of its own runs in the data folder.', secret: true },
  FIELDMARK_DB_POOL: { group: 'Storage', schema: whole(1, 200).default(10), default: '10', help: 'Database connections a process keeps at most.' },
  S3_ENDPOINT: { group: 'Storage', schema: url('http:', 'https:').optional(), default: 'files in the data folder', help: 'An S3-compatible store, such as `https://s3.example.org`. Needs the two keys.' },
  S3_ACCESS_KEY: { group: 'Storage', schema: text().optional(), default: 'none', help: 'Access key of the store.' },
  S3_SECRET_KEY: { group: 'Storage', schema: text().optional(), default: 'none', help: 'Secret key of the store.', secret: true },
  S3_BUCKET: { group: 'Storage', schema: text().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be a bucket name: 3 to 63 small letters, digits, dots and hyphens').default('fieldmark'), default: 'fieldmark', help: 'Bucket; made when absent.' },
  S3_REGION: { group: 'Storage', schema: text().default('us-east-1'), default: 'us-east-1', help: 'Region of the bucket.' },
  FIELDMARK_BACKUPS: { group: 'Storage', schema: whole(1, 1000).default(5), default: '5', help: 'Automatic database backups kept in the data folder.' },

  FIELDMARK_MAX_PIXELS: { group: 'Limits', schema: whole(MEGA, 4_000 * MEGA).default(500 * MEGA), default: '500000000', help: 'Largest image accepted, in pixels (width × height).' },
  FIELDMARK_MAX_UPLOAD_MB: { group: 'Limits', schema: whole(1, 1_000_000).default(10_000), default: '10000', help: 'Largest single upload, in megabytes.' },
  FIELDMARK_MAX_ARCHIVE_MB: { group: 'Limits', schema: whole(1, 10_000_000).default(100_000), default: '100000', help: 'Largest unpacked size of an uploaded archive, in megabytes.' },
  FIELDMARK_MAX_ARCHIVE_ENTRIES: { group: 'Limits', schema: whole(1, 100_000_000).default(1_000_000), default: '1000000', help: 'Most files in an uploaded archive.' },
  FIELDMARK_MIN_DISK_MB: { group: 'Limits', schema: whole(0, 10_000_000).default(500), default: '500', help: 'Free disk space below which the product does not start, in megabytes.' },

  FIELDMARK_WORKERS: { group: 'Work', schema: whole(0, 64).default(1), default: '1', help: 'Worker processes this machine starts. 0 for a machine that only serves pages.' },
  FIELDMARK_WEB: { group: 'Work', schema: flag().optional(), default: '1', help: 'Set to 0 for a machine that only works through jobs.' },
  FIELDMARK_QUEUES: { group: 'Work', schema: text().regex(/^(quick|batch|train)(:\d+)?(,(quick|batch|train)(:\d+)?)*$/, 'must be such as quick:2,batch:1,train:1').default('quick:2,batch:1,train:1'), default: 'quick:2,batch:1,train:1', help: 'Queues a worker process serves, and how many jobs of each at a time.' },

  FIELDMARK_ENGINE: { group: 'Work', schema: text().optional(), default: 'auto', help: 'What computes models: `auto` (ONNX Runtime, or where its library cannot be loaded `tfjs`), `ort` (ONNX Runtime), `ort:cuda` and other execution providers it was built with, `tfjs` (WASM), `tfjs:node` where it is installed. Uploaded ONNX models run on ONNX Runtime alone, on the same execution provider.' },
  FIELDMARK_MODEL_SECONDS: { group: 'Work', schema: whole(1, 86_400).default(300), default: '300', help: 'Longest that looking at, trying or keeping a model may take, in seconds; its process is ended then.' },
  FIELDMARK_MODEL_MEMORY_MB: { group: 'Work', schema: whole(100, 10_000_000).optional(), default: 'half of what the machine has', help: 'Most memory that the process of a job may take which runs models that people brought along, in megabytes; it is ended then (not on Windows).' },
  FIELDMARK_TRAINING_MEMORY_MB: { group: 'Work', schema: whole(500, 10_000_000).optional(), default: '60 % of what the machine or its container has, at most 4295', help: 'Memory that a training may take, in megabytes, decoded images included: a step takes its images in parts to stay within. What it will need is estimated on the safe side before it begins; a training that exceeds the estimate is not stopped.' },
  FIELDMARK_PRIVATE_ADDRESSES: { group: 'Work', schema: flag().optional(), default: '0', help: 'Set to 1 to fetch trained weights also from addresses of this machine and of its network. Otherwise only the public internet is asked.' },

  FIELDMARK_SECRET: { group: 'Other', schema: text().min(32, 'must have at least 32 characters').optional(), default: 'made at first start, kept in the data folder', help: 'Key that signs sessions. The same on every machine.', secret: true },
  FIELDMARK_LOG_LEVEL: { group: 'Other', schema: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'), default: 'info', help: 'How much the log says: trace, debug, info, warn, error, fatal, silent.' },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof settings;
type Values = { [Name in SettingName]: z.output<(typeof settings)[Name]['schema']> };

/** A setting (or several) has a value the product cannot use; the message names each and says what it should be. */
export class ConfigError extends Error {
  constructor(readonly problems: string[]) {
    super(`Fieldmark cannot start with these settings:\n${problems.map((p) => `  - ${p}`).join('\n')}\nAll settings are described in docs/configuration.md.`);
    this.name = 'ConfigError';
  }
}

function parseValues(env: Record<string, string | undefined>): Values {
  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [name, setting] of Object.entries(settings) as [SettingName, Setting][]) {
    const given = env[name]?.trim() || undefined;
    const parsed = setting.schema.safeParse(given);
    if (parsed.success) values[name] = parsed.data;
    else {
      const shown = setting.secret || given === undefined ? '' : ` is "${given}" but`;
      problems.push(`${name}${shown} ${parsed.error.issues.map((issue) => issue.message).join(', ')}`);
    }
  }
  const pair = (a: SettingName, b: SettingName) => {
    if (!values[a] !== !values[b]) problems.push(`${values[a] ? b : a} is missing: ${a} and ${b} go together`);
  };
  pair('FIELDMARK_TLS_CERT', 'FIELDMARK_TLS_KEY');
  pair('S3_ACCESS_KEY', 'S3_SECRET_KEY');
  if (values['S3_ENDPOINT'] && !values['S3_ACCESS_KEY']) problems.push('S3_ACCESS_KEY and S3_SECRET_KEY are missing: S3_ENDPOINT needs them');
  if (problems.length > 0) throw new ConfigError(problems);
  return values as Values;
}

/** The settings of this process, checked and with defaults in place. Paths are absolute. */
export interface Config {
  host: string;
  port: number;
  /** The address people use, without a trailing slash. */
  url: string;
  tls: { certPath: string; keyPath: string } | null;
  trustProxy: boolean;
  dataDir: string;
  cacheDir: string;
  /** `null` outside the launcher's children when no server was named: there is no database to talk to. */
  databaseUrl: string | null;
  databasePool: number;
  s3: { endpoint: URL; accessKey: string; secretKey: string; bucket: string; region: string } | null;
  backupsKept: number;
  limits: { maxPixels: number; maxUploadBytes: number; maxArchiveBytes: number; maxArchiveEntries: number; minDiskBytes: number };
  workers: number;
  web: boolean;
  /** Jobs of each queue that a worker process runs at a time; 0 for a queue it does not serve. */
  queues: { quick: number; batch: number; train: number };
  /** As given; `secret()` finds or makes the one in the data folder. */
  secret: string | null;
  /** What a process may take that runs models of people. */
  model: { seconds: number; memoryBytes: number };
  logLevel: string;
}

/** Bytes of memory of this machine, or of the container that this runs in. */
function machineMemory(): number {
  const container = process.constrainedMemory?.() ?? 0;
  return container > 0 ? Math.min(container, os.totalmem()) : os.totalmem();
}

/** Checks the environment and gives the settings. Throws `ConfigError` naming every setting that is wrong. */
export function loadConfig(env: Record<string, string | undefined> = process.env): Config {
  const v = parseValues(env);
  const dataDir = path.resolve(/* turbopackIgnore: true */ v.FIELDMARK_DATA);
  const scheme = v.FIELDMARK_TLS_CERT ? 'https' : 'http';
  const shownHost = ['0.0.0.0', '::', '127.0.0.1', '::1'].includes(v.FIELDMARK_HOST) ? 'localhost' : v.FIELDMARK_HOST;
  const queues = { quick: 0, batch: 0, train: 0 };
  for (const part of v.FIELDMARK_QUEUES.split(',')) {
    const [name, count] = part.split(':') as [keyof typeof queues, string | undefined];
    queues[name] = count === undefined ? 1 : Number(count);
  }
  return {
    host: v.FIELDMARK_HOST,
    port: v.FIELDMARK_PORT,
    url: (v.FIELDMARK_URL ?? `${scheme}://${shownHost}:${v.FIELDMARK_PORT}`).replace(/\/+$/, ''),
    tls: v.FIELDMARK_TLS_CERT && v.FIELDMARK_TLS_KEY ? { certPath: path.resolve(v.FIELDMARK_TLS_CERT), keyPath: path.resolve(v.FIELDMARK_TLS_KEY) } : null,
    trustProxy: v.FIELDMARK_TRUST_PROXY ?? false,
    dataDir,
    cacheDir: v.FIELDMARK_CACHE ? path.resolve(v.FIELDMARK_CACHE) : path.join(dataDir, 'cache'),
    databaseUrl: v.DATABASE_URL ?? null,
    databasePool: v.FIELDMARK_DB_POOL,
    s3:
      v.S3_ENDPOINT && v.S3_ACCESS_KEY && v.S3_SECRET_KEY
        ? { endpoint: new URL(v.S3_ENDPOINT), accessKey: v.S3_ACCESS_KEY, secretKey: v.S3_SECRET_KEY, bucket: v.S3_BUCKET, region: v.S3_REGION }
        : null,
    backupsKept: v.FIELDMARK_BACKUPS,
    limits: {
      maxPixels: v.FIELDMARK_MAX_PIXELS,
      maxUploadBytes: v.FIELDMARK_MAX_UPLOAD_MB * MEGA,
      maxArchiveBytes: v.FIELDMARK_MAX_ARCHIVE_MB * MEGA,
      maxArchiveEntries: v.FIELDMARK_MAX_ARCHIVE_ENTRIES,
      minDiskBytes: v.FIELDMARK_MIN_DISK_MB * MEGA,
    },
    workers: v.FIELDMARK_WORKERS,
    web: v.FIELDMARK_WEB ?? true,
    queues,
    secret: v.FIELDMARK_SECRET ?? null,
    model: { seconds: v.FIELDMARK_MODEL_SECONDS, memoryBytes: v.FIELDMARK_MODEL_MEMORY_MB ? v.FIELDMARK_MODEL_MEMORY_MB * MEGA : machineMemory() / 2 },
    logLevel: v.FIELDMARK_LOG_LEVEL,
  };
}

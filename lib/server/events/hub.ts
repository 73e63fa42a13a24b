import pg from 'pg';
import { config } from '@/lib/server/config';
import { logger } from '@/lib/server/log';
import { onShutdown } from '@/lib/server/web/lifecycle';
import { CHANNEL, fieldmarkEvent, type FieldmarkEvent } from './notify';

/** Sent to subscribers after the connection to the database was lost and found: events in between may be missing. */
export const RESYNC: FieldmarkEvent = { type: 'hub.resync', entity: 'hub', id: '' };

type Handler = (event: FieldmarkEvent) => void;
const RECONNECT_MIN_MS = 250;
const RECONNECT_MAX_MS = 10_000;
const PING_MS = 20_000;
const PING_TIMEOUT_MS = 10_000;
/** Events a slow reader may lag behind before it gets one `hub.resync` instead of them all. */
const MAX_LAG = 1000;

/**
 * Everything that happens in any process of the installation, for the subscribers of this process, over one dedicated
 * database connection that LISTENs and reconnects by itself.
 */
export class EventHub {
  readonly #connectionString: string;
  readonly #handlers = new Set<Handler>();
  readonly #log = logger('events');
  #client: pg.Client | null = null;
  #starting: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #ping: NodeJS.Timeout | null = null;
  #delay = RECONNECT_MIN_MS;
  #closed = false;
  #everConnected = false;

  constructor(connectionString: string) {
    this.#connectionString = connectionString;
  }

  /** True while the connection LISTENs. */
  get connected(): boolean {
    return this.#client !== null;
  }

  /** Connects if nobody did; resolves when LISTEN is in force. Rejects if the first attempt fails (it keeps trying). */
  start(): Promise<void> {
    if (this.#closed) return Promise.reject(new Error('The event hub is closed.'));
    return (this.#starting ??= this.#connect());
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({ connectionString: this.#connectionString, keepAlive: true, application_name: 'fieldmark-events', connectionTimeoutMillis: 10_000 });
    const lost = (error?: Error) => {
      client.removeAllListeners();
      client.on('error', () => undefined); // late errors of a connection already given up
      void client.end().catch(() => undefined);
      if (this.#client === client) this.#client = null;
      if (this.#ping) clearInterval(this.#ping);
      if (this.#closed) return;
      if (error) this.#log.warn({ err: error }, 'Lost the event connection; reconnecting');
      this.#timer ??= setTimeout(() => {
        this.#timer = null;
        this.#delay = Math.min(this.#delay * 2, RECONNECT_MAX_MS);
        this.#connect().catch(() => undefined);
      }, this.#delay);
    };
    client.on('error', lost);
    client.on('end', () => lost());
    client.on('notification', (message) => this.#receive(message.payload));
    try {
      await client.connect();
      await client.query(`listen ${CHANNEL}`);
    } catch (error) {
      lost(error as Error);
      throw error;
    }
    if (this.#closed) return lost();
    this.#client = client;
    this.#delay = RECONNECT_MIN_MS;
    if (this.#everConnected) this.#emit(RESYNC);
    this.#everConnected = true;
    this.#ping = setInterval(() => {
      const timeout = setTimeout(() => lost(new Error('No answer to a ping')), PING_TIMEOUT_MS);
      client.query('select 1').then(() => clearTimeout(timeout), () => clearTimeout(timeout));
    }, PING_MS);
    this.#ping.unref();
  }

  #receive(payload: string | undefined): void {
    const parsed = safeParse(payload ?? '');
    if (parsed) this.#emit(parsed);
    else this.#log.warn({ payload: payload?.slice(0, 200) }, 'An event that cannot be read was ignored');
  }

  #emit(event: FieldmarkEvent): void {
    for (const handler of [...this.#handlers]) {
      try {
        handler(event);
      } catch (err) {
        this.#log.error({ err, event }, 'A subscriber failed');
      }
    }
  }

  /** Calls `handler` for every event until the returned function is called. Starts the hub when it is not running. */
  subscribe(handler: Handler): () => void {
    this.#handlers.add(handler);
    void this.start().catch(() => undefined); // the hub keeps trying and sends a resync when it succeeds
    return () => void this.#handlers.delete(handler);
  }

  /** The events as an async iterable, ending when `signal` aborts. A reader too slow gets `hub.resync` for what it missed. */
  async *stream(signal: AbortSignal, filter: (event: FieldmarkEvent) => boolean = () => true): AsyncGenerator<FieldmarkEvent> {
    const waiting: FieldmarkEvent[] = [];
    let wake: () => void = () => undefined;
    const unsubscribe = this.subscribe((event) => {
      if (event.type !== RESYNC.type && !filter(event)) return;
      if (waiting.length >= MAX_LAG) waiting.splice(0, waiting.length, RESYNC);
      else waiting.push(event);
      wake();
    });
    const abort = () => wake();
    signal.addEventListener('abort', abort);
    try {
      while (!signal.aborted) {
        const next = waiting.shift();
        if (next) yield next;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      signal.removeEventListener('abort', abort);
      unsubscribe();
    }
  }

  /** Ends the connection; nothing arrives any more. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
    if (this.#ping) clearInterval(this.#ping);
    this.#handlers.clear();
    const client = this.#client;
    this.#client = null;
    client?.removeAllListeners();
    client?.on('error', () => undefined);
    await client?.end().catch(() => undefined);
  }
}

function safeParse(payload: string): FieldmarkEvent | null {
  try {
    return fieldmarkEvent.parse(JSON.parse(payload));
  } catch {
    return null;
  }
}

const KEY = Symbol.for('fieldmark.events');
type Holder = { [KEY]?: EventHub };

/** The hub of this process. */
export function eventHub(): EventHub {
  const holder = globalThis as Holder;
  if (!holder[KEY]) {
    const { databaseUrl } = config();
    if (!databaseUrl) throw new Error('DATABASE_URL is not set: start Fieldmark with npm start, or set it.');
    const hub = new EventHub(databaseUrl);
    holder[KEY] = hub;
    onShutdown('events', () => hub.close());
  }
  return holder[KEY];
}

'use client';
/**
 * The event stream in the browser: one `EventSource` for all tabs (HTTP/1.1 allows six connections to a server), held by
 * the leader among them and relayed by a BroadcastChannel. Events only make queries old; pages read what they show.
 */
import { useEffect, useSyncExternalStore } from 'react';
import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { uuidv7 } from 'uuidv7';
import { addressOf } from '@/lib/api/client';
import { keysOf, type OldKey, type StreamEvent } from './invalidation';
import { LeaderElection } from './leader';

export type Connection = 'connecting' | 'open' | 'retrying';
type Message = { kind: 'event'; event: StreamEvent } | { kind: 'state'; state: Connection } | { kind: 'hello' } | { kind: 'left' } | { kind: 'signed-out' };

const LEASE = 'fieldmark.events.leader';
const CHANNEL = 'fieldmark.events';
/** Events are gathered for so long, so that an import of thousands of files does not ask thousands of times. */
const GATHER_MS = 400;

let connection: Connection = 'connecting';
const watchers = new Set<() => void>();
function setConnection(next: Connection): void {
  if (next === connection) return;
  connection = next;
  watchers.forEach((w) => w());
}

/** Whether live updates arrive. */
export function useConnection(): Connection {
  return useSyncExternalStore((w) => (watchers.add(w), () => watchers.delete(w)), () => connection, () => 'connecting' as const);
}

type Listener = (event: StreamEvent) => void;
const listeners = new Set<Listener>();
/** Calls `listener` for every event of the stream, in every tab; for what is more than a query gone old. */
export function onStreamEvent(listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

class Stream {
  readonly #channel = new BroadcastChannel(CHANNEL);
  readonly #election: LeaderElection;
  #source: EventSource | null = null;
  #retry: ReturnType<typeof setTimeout> | null = null;
  #delay = 1_000;
  #lost = false;
  #pending: StreamEvent[] = [];
  #flush: ReturnType<typeof setTimeout> | null = null;
  readonly #client: QueryClient;

  constructor(client: QueryClient) {
    this.#client = client;
    this.#election = new LeaderElection({
      id: uuidv7(),
      store: {
        get: () => localStorage.getItem(LEASE),
        set: (value) => localStorage.setItem(LEASE, value),
        clear: () => localStorage.removeItem(LEASE),
      },
      onChange: (leader) => (leader ? this.#open(true) : this.#close()),
    });
    this.#channel.onmessage = (message: MessageEvent<Message>) => this.#hear(message.data);
    this.#election.start();
    this.#say({ kind: 'hello' });
    window.addEventListener('pagehide', this.#leave);
    window.addEventListener('pageshow', this.#back);
  }

  close(): void {
    window.removeEventListener('pagehide', this.#leave);
    window.removeEventListener('pageshow', this.#back);
    this.#leave();
    if (this.#flush) clearTimeout(this.#flush);
    this.#channel.close();
  }

  readonly #leave = () => {
    const led = this.#election.isLeader;
    this.#election.stop();
    if (led) this.#say({ kind: 'left' });
  };
  /** A page that comes back from the browser's cache has missed what happened. */
  readonly #back = (event: PageTransitionEvent) => {
    if (!event.persisted) return;
    this.#election.start();
    this.#take({ type: 'resync' });
  };

  #say(message: Message): void {
    try {
      this.#channel.postMessage(message);
    } catch {
      // The channel is closed: this page is going away.
    }
  }

  #hear(message: Message): void {
    if (message.kind === 'event') this.#take(message.event);
    else if (message.kind === 'state') setConnection(message.state);
    else if (message.kind === 'hello') {
      if (this.#election.isLeader) this.#say({ kind: 'state', state: connection });
    } else if (message.kind === 'left') this.#election.tick();
    else void this.#client.invalidateQueries({ queryKey: ['me'] });
  }

  /** @param missed whether events may have been lost before this connection */
  #open(missed: boolean): void {
    this.#close();
    const source = new EventSource(addressOf('events', {}));
    this.#source = source;
    this.#lost ||= missed;
    source.onopen = () => {
      this.#delay = 1_000;
      this.#state('open');
      if (this.#lost) this.#relay({ type: 'resync' });
      this.#lost = false;
    };
    source.onmessage = (message: MessageEvent<string>) => {
      try {
        this.#relay(JSON.parse(message.data) as StreamEvent);
      } catch {
        // Not an event of ours: a proxy's remark. The next one counts.
      }
    };
    source.onerror = () => {
      this.#lost = true;
      this.#state('retrying');
      if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      // Refused (signed out, or the server is starting): ask who I am, and try again later.
      void this.#client.invalidateQueries({ queryKey: ['me'] });
      this.#retry = setTimeout(() => this.#open(true), this.#delay);
      this.#delay = Math.min(30_000, this.#delay * 2);
    };
  }

  #close(): void {
    if (this.#retry) clearTimeout(this.#retry);
    this.#source?.close();
    this.#source = null;
  }

  #state(state: Connection): void {
    setConnection(state);
    this.#say({ kind: 'state', state });
  }

  #relay(event: StreamEvent): void {
    this.#say({ kind: 'event', event });
    this.#take(event);
  }

  #take(event: StreamEvent): void {
    listeners.forEach((listener) => listener(event));
    this.#pending.push(event);
    this.#flush ??= setTimeout(() => {
      this.#flush = null;
      const events = this.#pending;
      this.#pending = [];
      const keys = new Map<string, OldKey>();
      for (const e of events) {
        const old = keysOf(e);
        if (!old) {
          void this.#client.invalidateQueries();
          return;
        }
        for (const key of old) keys.set(JSON.stringify(key), key);
      }
      for (const key of keys.values()) void this.#client.invalidateQueries(key);
    }, GATHER_MS);
  }
}

/** Keeps the stream while the component is mounted: once, in what surrounds all signed-in pages. */
export function useEventStream(): void {
  const client = useQueryClient();
  useEffect(() => {
    const stream = new Stream(client);
    return () => stream.close();
  }, [client]);
}

/** Tells the other tabs that the session ended. */
export function announceSignedOut(): void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage({ kind: 'signed-out' } satisfies Message);
  channel.close();
}

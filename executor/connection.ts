import { WebSocket } from 'ws';
import type { FromExecutor, ToExecutor } from '../protocol/messages.ts';
import { backoffMs } from './backoff.ts';
import { CLOCK_TOLERANCE_SECONDS, offsetFrom } from './clock-offset.ts';
import { endWhereSilent } from './end-where-silent.ts';
import type { Lease } from './hold-runs.ts';
import type { Log } from './log.ts';
import type { Identity } from './own-key.ts';
import { readMessage } from './read-message.ts';

const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Accepted from the pool: a job with its inline files. workerd sends messages of up to 32 MiB. */
const MESSAGE_BYTES_MAX = 32 * 1024 * 1024;
/** From dialling to the pool's welcome, for which it asks the database. */
const WELCOME_TIMEOUT_MS = 30_000;
export const BACKOFF_MS = { min: 250, max: 15_000 } as const;
const CLOSE_TIMEOUT_MS = 1_000;

/** Opens a socket to the pool with this `Authorization`. */
export type Dial = (authorization: string) => WebSocket;

export interface ConnectionSettings {
  readonly dial: Dial;
  readonly identity: Identity;
  readonly hello: () => FromExecutor;
  readonly heartbeat: () => FromExecutor;
  /** Each message of the pool after `welcome`, checked. */
  readonly onMessage: (message: Exclude<ToExecutor, { type: 'welcome' }>) => void;
  /** A job that could not be read, and why. */
  readonly onUnreadable: (job: Lease, problem: string) => void;
  readonly onWelcome: () => void;
  /** A welcomed socket is gone; `heardMs` is the last time at which the pool surely heard from this executor. */
  readonly onLost: (heardMs: number) => void;
  /** {@link Connection.trouble} has changed. */
  readonly onTrouble: () => void;
  readonly log: Log;
}

/** Why an executor is not connected. */
export interface Trouble {
  /** HTTP status with which the pool refused the last dial; null where it took it, or was not reached. */
  readonly refusedStatus: number | null;
  /** A sentence without its full stop. */
  readonly says: string;
}

export interface Connection {
  /** Why the last dial failed, or the last connection ended; null while connected, and until the first dial is over. */
  trouble(): Trouble | null;
  /**
   * Sends where the pool has welcomed this executor. Otherwise the message is lost: what must arrive is sent again
   * after the next welcome.
   */
  send(message: FromExecutor): void;
  close(): Promise<void>;
}

/** Dials `url`, as `wss://.../executor/connect`. */
export function dialTo(url: string): Dial {
  return (authorization) =>
    new WebSocket(url, {
      headers: { authorization },
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      maxPayload: MESSAGE_BYTES_MAX,
      perMessageDeflate: false,
    });
}

/** Keeps one socket to the pool until closed: dials, proves who it is, sends heartbeats, and dials again when it breaks. */
export function openConnection(settings: ConnectionSettings): Connection {
  const { log } = settings;
  let socket: WebSocket | null = null;
  let isWelcome = false;
  let isClosing = false;
  let attempt = 0;
  /** The worker's clock minus ours, learned from the Date of a refusal. */
  let clockOffsetSeconds = 0;
  let redial: NodeJS.Timeout | null = null;
  let heardMs = performance.now();
  let trouble: Trouble | null = null;

  const transmit = (message: FromExecutor): void => {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  };

  const scheduleDial = (afterMs: number): void => {
    if (isClosing || redial !== null) return;
    redial = setTimeout(() => {
      redial = null;
      dial();
    }, afterMs);
  };

  /** A message of the pool, or of whoever answers in its place. */
  const take = (data: Buffer, onWelcomed: () => void): void => {
    const read = readMessage(data.toString('utf8'));
    if (!read.ok) {
      const { job, problem } = read;
      log('warn', 'the pool sent something that is no message', { bytes: data.length, problem, ...job });
      if (job !== null) settings.onUnreadable(job, problem);
    } else if (read.message.type !== 'welcome') {
      settings.onMessage(read.message);
    } else {
      onWelcomed();
      attempt = 0;
      trouble = null;
      isWelcome = true;
      settings.identity.accepted();
      settings.onWelcome();
    }
  };

  /** Learns from the refusal of a dial; after how many ms the next one has a better chance. */
  const learn = (status: number | undefined, date: string | undefined): number => {
    const learned = offsetFrom(status, date, Date.now());
    const isNews = learned !== null && Math.abs(learned - clockOffsetSeconds) > CLOCK_TOLERANCE_SECONDS;
    if (isNews) clockOffsetSeconds = learned;
    else if (status === 401) settings.identity.refused();
    return isNews && attempt === 1 ? 0 : backoffMs(attempt, Math.random(), BACKOFF_MS);
  };

  const dial = (): void => {
    attempt += 1;
    const nowSeconds = Date.now() / 1000 + clockOffsetSeconds;
    const dialled = settings.dial(settings.identity.authorization(nowSeconds));
    socket = dialled;
    /** The first thing that went wrong with this socket: what follows from it says less. */
    let failure: Trouble | null = null;
    const fail = (says: string, refusedStatus: number | null = null): void => {
      failure ??= { refusedStatus, says: `the deployment ${says.replace(/\p{C}+/gu, ' ')}` };
    };
    const tellTrouble = (): void => {
      trouble = failure;
      if (!isClosing) settings.onTrouble();
    };
    const greeting = setTimeout(() => {
      fail(`did not welcome this executor within ${WELCOME_TIMEOUT_MS / 1000} s`);
      dialled.terminate();
    }, WELCOME_TIMEOUT_MS);

    dialled.on('open', () => transmit(settings.hello()));
    endWhereSilent(dialled, {
      onBeat: () => transmit(settings.heartbeat()),
      onAlive: () => {
        heardMs = performance.now();
      },
    });
    dialled.on('message', (data: Buffer) => take(data, () => clearTimeout(greeting)));
    dialled.on('unexpected-response', (request, response) => {
      const { statusCode, headers } = response;
      clearTimeout(greeting);
      fail(`answered ${statusCode}`, statusCode);
      tellTrouble();
      response.resume();
      request.destroy();
      log('warn', 'the pool refused the connection', { status: statusCode, attempt });
      scheduleDial(learn(statusCode, headers.date));
    });
    dialled.on('error', (error: NodeJS.ErrnoException) => {
      fail(`cannot be reached (${error.message || error.code})`);
      log('debug', 'the connection failed', { reason: error.message, attempt });
    });
    dialled.on('close', (code, bytes) => {
      const reason = bytes.toString();
      clearTimeout(greeting);
      if (socket !== dialled) return;
      socket = null;
      if (isWelcome) {
        log('warn', 'the connection to the pool ended', { code, reason });
        settings.onLost(heardMs);
      } else if (code >= 4000) {
        log('error', 'the pool refuses this executor', { code, reason });
      }
      fail(`closed the connection (${reason === '' ? code : `${code}: ${reason}`})`);
      tellTrouble();
      isWelcome = false;
      scheduleDial(backoffMs(Math.max(1, attempt), Math.random(), BACKOFF_MS));
    });
  };
  dial();

  return {
    trouble: () => trouble,
    send(message) {
      if (isWelcome) transmit(message);
    },
    async close() {
      isClosing = true;
      if (redial !== null) clearTimeout(redial);
      const closing = socket;
      if (closing === null || closing.readyState === WebSocket.CLOSED) return;
      const done = Promise.withResolvers<void>();
      const timer = setTimeout(done.resolve, CLOSE_TIMEOUT_MS);
      closing.once('close', () => done.resolve());
      closing.close(1000, 'the executor stops');
      await done.promise;
      clearTimeout(timer);
      closing.terminate();
    },
  };
}

import { limit } from '../protocol/limits.ts';
import type { FromExecutor, Job, Offer } from '../protocol/messages.ts';
import { PROTOCOL_VERSION } from '../protocol/version.ts';
import { type Connection, type Dial, openConnection } from './connection.ts';
import { holdRuns, type Lease } from './hold-runs.ts';
import type { Log } from './log.ts';
import type { Identity } from './own-key.ts';
import type { JobResult, RunControl } from './run-job.ts';

export interface ServeSettings {
  readonly dial: Dial;
  readonly identity: Identity;
  readonly offer: Offer;
  readonly version: string;
  /** Runs one job to its end; resolves when nothing of it is left. */
  readonly perform: (job: Job, control: RunControl) => Promise<void>;
  readonly onWelcome: () => void;
  /** {@link Serving.live} has changed in something else than the number of runs. */
  readonly onStanding: () => void;
  readonly log: Log;
}

export interface Serving {
  /** How it stands at this moment. */
  live(): {
    /** The pool has welcomed it and the socket is open. */
    readonly connected: boolean;
    /** HTTP status with which the pool refused the last dial; null where it did not. */
    readonly refused_status: number | null;
    /** Why it is not connected; null while it is, and until the first dial is over. */
    readonly trouble: string | null;
    /** It takes no further runs, for good or for now. */
    readonly draining: boolean;
    /** Why it takes none for now. */
    readonly says: string | null;
    /** Runs that it works on, or whose outcome is not recorded yet. */
    readonly runs: number;
  };
  /** Takes no further runs; resolves when those that it holds have ended and are recorded. */
  drain(): Promise<void>;
  /** Takes no further runs for now, and says why; null: takes them again. */
  pause(why: string | null): void;
  /** Gives up the connection and all runs; resolves when nothing of them is left. */
  stop(): Promise<void>;
}

interface Running {
  readonly stop: AbortController;
  readonly abandoned: AbortController;
  readonly done: Promise<void>;
}

/**
 * Runs what the pool sends, and tells it. A pool gives a run to another executor once its lease and grace are over
 * without a word of this one; at that moment this one ends its attempt, so that no run is worked on twice for long.
 * An outcome is kept, and sent again after each welcome, until the pool says that it is recorded.
 */
export function serveRuns(settings: ServeSettings): Serving {
  const { log } = settings;
  const held = holdRuns();
  /** By run and fence: an attempt that was given up is still being cleared away when a newer one starts. */
  const running = new Map<string, Running>();
  let leaseEnd: NodeJS.Timeout | null = null;
  let draining: PromiseWithResolvers<void> | null = null;
  let isConnected = false;
  let pausedFor: string | null = null;
  let isStopping = false;

  const keyOf = ({ run, fence }: Lease): string => `${run} ${fence}`;
  const cancel = (lease: Lease): void => running.get(keyOf(lease))?.stop.abort();
  const abandon = (each: Running | undefined): void => {
    each?.abandoned.abort();
    each?.stop.abort();
  };

  const noteDrained = (): void => {
    if (held.holding().length === 0) draining?.resolve();
  };

  const isDraining = (): boolean => draining !== null || pausedFor !== null;

  const hello = (): FromExecutor => ({
    type: 'hello',
    protocol: PROTOCOL_VERSION,
    version: settings.version,
    offer: settings.offer,
    holding: held.holding(),
    ...(isDraining() ? { draining: true } : {}),
  });

  const start = (job: Job, connection: Connection): void => {
    const lease: Lease = { run: job.run, fence: job.fence };
    const [stop, abandoned] = [new AbortController(), new AbortController()];
    const report = (result: JobResult): void => {
      const message =
        result.kind === 'outcome' ? held.onOutcome(lease, result.outcome) : held.onRefused(lease, result);
      if (message !== null) connection.send(message);
      noteDrained();
      logResult(log, lease, result);
    };
    const done = settings
      .perform(job, {
        signal: stop.signal,
        abandoned: abandoned.signal,
        started: (agoMs) => connection.send({ type: 'started', ...lease, ago_ms: Math.round(agoMs) }),
        printed: (event) => connection.send({ type: 'printed', ...lease, event }),
        report,
      })
      .finally(() => running.delete(keyOf(lease)));
    running.set(keyOf(lease), { stop, abandoned, done });
  };

  const connection = openConnection({
    dial: settings.dial,
    identity: settings.identity,
    log,
    hello,
    heartbeat: () => ({ type: 'heartbeat', holding: held.holding() }),
    onWelcome() {
      if (leaseEnd !== null) clearTimeout(leaseEnd);
      leaseEnd = null;
      isConnected = true;
      for (const message of held.unrecorded()) connection.send(message);
      settings.onStanding();
      // It may have begun to drain after it sent its hello.
      if (isDraining())
        connection.send({ type: 'draining', ...(pausedFor === null ? {} : { reason: pausedFor }) });
      settings.onWelcome();
    },
    onLost(heardMs) {
      isConnected = false;
      const leftMs = heardMs + limit('lease_ms') + limit('lease_grace_ms') - performance.now();
      leaseEnd ??= setTimeout(
        () => {
          leaseEnd = null;
          for (const lease of held.abandonRunning()) {
            log('warn', 'the lease of a run ended without a connection', { ...lease });
            abandon(running.get(keyOf(lease)));
          }
          noteDrained();
        },
        Math.max(0, leftMs),
      );
    },
    onTrouble: () => settings.onStanding(),
    onUnreadable(job, problem) {
      if (held.holding().some(({ run }) => run === job.run)) return;
      connection.send({ type: 'refused', ...job, code: 'invalid_job', reason: problem });
    },
    onMessage(message) {
      const lease: Lease = { run: message.run, fence: message.fence };
      switch (message.type) {
        case 'job': {
          // Sent before the pool heard our goodbye; the pool gives it to another executor.
          if (isStopping) return;
          const decision = held.onJob(lease);
          if (decision.act === 'ignore') return;
          if (decision.act === 'resend') return connection.send(decision.message);
          if (decision.act === 'replace') abandon(running.get(keyOf(decision.held)));
          return start(message, connection);
        }
        case 'cancel':
          for (const each of held.cancelled(lease)) cancel(each);
          return;
        case 'recorded':
          if (message.code !== undefined)
            log('warn', 'the outcome of an attempt counts for nothing', { ...lease, code: message.code });
          for (const each of held.onRecorded(lease)) abandon(running.get(keyOf(each)));
          return noteDrained();
      }
    },
  });

  return {
    live: () => ({
      connected: isConnected,
      refused_status: connection.trouble()?.refusedStatus ?? null,
      trouble: connection.trouble()?.says ?? null,
      draining: isDraining(),
      says: pausedFor,
      runs: held.holding().length,
    }),
    drain() {
      if (draining === null) {
        draining = Promise.withResolvers<void>();
        connection.send({ type: 'draining' });
        settings.onStanding();
        noteDrained();
      }
      return draining.promise;
    },
    pause(why) {
      pausedFor = why;
      settings.onStanding();
      if (why !== null) connection.send({ type: 'draining', reason: why });
      else connection.send(hello());
    },
    async stop() {
      isStopping = true;
      if (leaseEnd !== null) clearTimeout(leaseEnd);
      // First of all: from here on sandboxes end because the executor does, which is no outcome of their runs.
      for (const each of running.values()) abandon(each);
      await connection.close();
      await Promise.all([...running.values()].map(({ done }) => done));
    },
  };
}

function logResult(log: Log, lease: Lease, result: JobResult): void {
  if (result.kind === 'outcome') {
    const { state, sandbox, timings } = result.outcome;
    log('info', 'run ended', { ...lease, state, warm: sandbox.warm, timings });
  } else {
    const { code, reason } = result;
    log('info', 'run refused', { ...lease, code, reason });
  }
}

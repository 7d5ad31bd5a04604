import type { Manifest } from '../../../protocol/manifest.ts';
import type { Platform } from '../../platform.ts';
import type { FeedPage } from '../feed/feed-buffer.ts';
import type { ExecutorSockets } from './executor-sockets.ts';
import type { LastFences } from './last-fences.ts';
import type { LeaseTable } from './lease-table.ts';
import type { Ended, Waiters } from './waiters.ts';

/** What a run needs beside its lease. It stands in the database; memory holds it from submission to end. */
export interface Work {
  readonly manifest: Manifest;
  /** Bytes that travel with the job, base64 by SHA-256. */
  readonly inline: Readonly<Record<string, string>>;
  /** Someone waits for its output as it comes. */
  readonly isFollowed: boolean;
}

/** How often a pool with executors or runs asks the database by itself; cron and the operator make it ask sooner. */
export const SWEEP_MS = 60_000;

/** The first page of a run's feed, told before there is one; or where it is told: on the feed, or not any more. */
export type FirstOutput = FeedPage | 'on_feed' | 'over';

/** The parts of a pool that the verbs of this folder share; `ExecutorPool` makes them once it starts. */
export interface Pool {
  readonly leases: LeaseTable;
  /** Of runs that have no lease any more. */
  readonly lastFences: LastFences;
  readonly sockets: ExecutorSockets;
  /** Those who wait for the end of a run. */
  readonly waiters: Waiters<Ended>;
  /** Those who wait for its first output. */
  readonly listeners: Waiters<FirstOutput>;
  readonly work: Map<string, Work>;
  /** When each tenant got a slot last, as a growing number. */
  readonly servedAt: Map<string, number>;
  /** When the database was last asked what this pool cannot know, how often it was, and which answer is the newest that was heeded. */
  readonly swept: { at: number; asked: number; heeded: number };
  readonly platform: () => Promise<Platform>;
  readonly now: () => number;
  /** Asks for the alarm at `atMs` or before. */
  readonly wakeAt: (atMs: number) => void;
  readonly feeds: {
    /** Ends the live output of an attempt, whoever sends it. */
    readonly end: (run: string, fence: number) => Promise<void>;
    /** Drops the live output of a run, which is over. */
    readonly finish: (run: string) => Promise<void>;
  };
  /** Lets a promise run on without a caller; its failure is logged. */
  readonly inBackground: (work: Promise<void>) => void;
}

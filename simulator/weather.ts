import type { Random } from './random.ts';

/** How well the machinery works at this moment. Faults make it worse, and it becomes good again. */
export interface Weather {
  /** One way through the network, ms. */
  readonly latencyMs: readonly [min: number, max: number];
  /** From a write of an object to the moment at which it is safe, ms. */
  readonly diskMs: readonly [min: number, max: number];
  /** What the database needs for a transaction, ms. */
  readonly databaseMs: readonly [min: number, max: number];
  readonly databaseIsAway: boolean;
  /** The chance that a transaction is made, and its answer is lost. */
  readonly answersLost: number;
  readonly blobsFail: boolean;
  readonly alarmsLate: readonly [min: number, max: number];
  readonly alarmsLost: number;
  /** The chance that a message of a socket comes twice. */
  readonly duplicates: number;
}

/** The weather of one world; whoever changes it changes it for all. */
export class Climate {
  readonly fair: Weather;
  now: Weather;
  private readonly random: Random;

  constructor(random: Random, slowness: number, always: Partial<Weather> = {}) {
    this.random = random;
    this.fair = {
      latencyMs: [1, 10 * slowness],
      diskMs: [1, 10 * slowness],
      databaseMs: [2, 20 * slowness],
      databaseIsAway: false,
      answersLost: 0,
      blobsFail: false,
      alarmsLate: [0, 50],
      alarmsLost: 0,
      duplicates: 0,
      ...always,
    };
    this.now = this.fair;
  }

  change(change: Partial<Weather>): void {
    this.now = { ...this.now, ...change };
  }

  draw(what: 'latencyMs' | 'diskMs' | 'databaseMs' | 'alarmsLate'): number {
    const [min, max] = this.now[what];
    return this.random.between(min, max);
  }

  happens(what: 'answersLost' | 'alarmsLost' | 'duplicates'): boolean {
    return this.random.chance(this.now[what]);
  }
}

import type { World } from '../../simulator/world.ts';

/**
 * CPU of one object: of each event in which it acted, all that the process used from its begin until nothing moved. What
 * an event costs by itself is measured in events that do nothing, and taken off.
 */
export class CpuMeter {
  private readonly world: World;
  private readonly prefix: string;
  private begun = process.cpuUsage();
  private events = 0;
  private us = 0;
  private emptyEvents = 0;
  private emptyUs = 0;

  constructor(world: World, object: string) {
    this.world = world;
    this.prefix = object;
  }

  begin(): void {
    this.begun = process.cpuUsage();
  }

  end(): void {
    const { user, system } = process.cpuUsage(this.begun);
    const { name } = this.world.current;
    if (name.startsWith(this.prefix)) {
      this.events++;
      this.us += user + system;
    } else if (name === EMPTY) {
      this.emptyEvents++;
      this.emptyUs += user + system;
    }
  }

  /** Forgets what was measured so far. */
  reset(): void {
    this.events = 0;
    this.us = 0;
  }

  /** CPU that the object used, ms. */
  get ms(): number {
    const emptyUs = this.emptyEvents === 0 ? 0 : this.emptyUs / this.emptyEvents;
    return Math.max(0, this.us - this.events * emptyUs) / 1000;
  }
}

/** The actor whose events do nothing. */
export const EMPTY = 'nobody';

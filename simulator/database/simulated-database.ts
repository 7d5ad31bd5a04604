import type { Emit } from '../objects/object-host.ts';
import type { Climate } from '../weather.ts';
import type { Actor, World } from '../world.ts';
import { answerSql } from './answer-sql.ts';
import type { RunStore } from './run-store.ts';

/** The database at the other end of an HTTP request, which may be away, late, or cut off after it has done its work. */
export class SimulatedDatabase {
  readonly store: RunStore;
  private readonly world: World;
  private readonly climate: Climate;
  /** Told of each transaction, by the last function that it calls. */
  onTransaction: (name: string) => void = () => {};
  requests = 0;

  constructor(world: World, climate: Climate, store: RunStore) {
    this.world = world;
    this.climate = climate;
    this.store = store;
  }

  /** The `fetch` of one process. */
  fetchFor(actor: Actor, emit: Emit) {
    return (_url: string, init: { readonly body: string }): Promise<unknown> => {
      const answer = this.world.promiseFor<unknown>(actor);
      const lost = (): void => answer.settle(this.latency(), { error: new TypeError('fetch failed') });
      emit(() => {
        this.requests++;
        this.world.at(this.latency() + this.climate.draw('databaseMs'), this.world.machine, () => {
          if (this.climate.now.databaseIsAway) return lost();
          const { status, body } = answerSql(this.store, init.body, this.world.now);
          this.onTransaction(functionOf(init.body));
          if (this.climate.happens('answersLost')) return lost();
          const value = {
            ok: status === 200,
            status,
            json: async () => body,
            text: async () => JSON.stringify(body),
          };
          this.world.at(this.latency(), this.world.machine, () =>
            this.climate.now.databaseIsAway ? lost() : answer.settle(0, { value }),
          );
        });
      });
      return answer.promise;
    };
  }

  private latency(): number {
    return this.climate.draw('latencyMs');
  }
}

function functionOf(body: string): string {
  return [...body.matchAll(/\bapp\.([a-z_]+)/g)].at(-1)?.[1] ?? '';
}

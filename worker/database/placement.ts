import type { Labels } from '../../protocol/labels.ts';
import { type Offer, offerSchema } from '../../protocol/messages.ts';
import { onlyRow, type Query, query, type Row } from './query.ts';

/**
 * Where a tenant, a project or a run wants to run. A run adds to what its project says, and a project to its tenant;
 * neither can override.
 */
export interface Placement {
  /** A pool of the tenant or of the platform, by id or name. */
  readonly pool?: string | undefined;
  /** What its executor must have. */
  readonly labels?: Labels | undefined;
}

/** Where something runs. */
export interface Place {
  readonly pool: string;
  /** The pool belongs to the tenant. */
  readonly own: boolean;
  readonly labels: Labels;
}

export type PlacementRefusal =
  | {
      readonly reason: 'no_pool';
      readonly details: { readonly pool: string; readonly pools: readonly string[] };
    }
  | {
      readonly reason: 'placement_fixed';
      readonly details: { readonly what: string; readonly is: string; readonly asked: string };
    }
  | {
      readonly reason: 'no_executor';
      readonly details: {
        readonly labels: Labels;
        readonly own_hosts_only: boolean;
        /** Executors of the pools that it may use, which do not suit. */
        readonly executors: number;
        readonly offered: readonly Labels[];
      };
    };

export type Placed =
  | { readonly ok: true; readonly place: Place }
  | ({ readonly ok: false } & PlacementRefusal);

/** Where an inspection of data of `project` (an id or a name) runs, which is no run of the tenant's. */
export function placeInspection(project: string): Query<Placed> {
  return query("select app.place_run(app.project_id($1), '{}') as answer", [project], (rows) =>
    readPlaced(onlyRow(rows).answer as Row),
  );
}

/** What the executors offer that a run of the entered tenant would get, or null where there are none. */
export function currentOffer(): Query<Offer | null> {
  return query("select app.place_run(null, '{}') -> 'offer' as offer", [], (rows) => {
    const offer = onlyRow(rows).offer;
    return offer === null ? null : offerSchema.parse(offer);
  });
}

function readPlaced(answer: Row): Placed {
  if (answer.ok !== true) return answer as unknown as Placed;
  const { pool, own, labels } = answer;
  return { ok: true, place: { pool, own, labels } as Place };
}

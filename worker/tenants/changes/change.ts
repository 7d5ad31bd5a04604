/**
 * What an operation publishes once its transaction is over. It holds ids, paths and names but no content; whether a
 * subscriber may know of it is asked of the database for each.
 */
export type Change =
  /** Paths of a project's newest commit; `listed` where some came or went. */
  | {
      readonly kind: 'files';
      readonly project: string;
      readonly paths: readonly string[];
      readonly listed: boolean;
    }
  /** Created, archived, or open to other people than before. */
  | { readonly kind: 'project'; readonly project: string }
  /** A source has a new snapshot. */
  | { readonly kind: 'data'; readonly project: string; readonly source: string }
  /** A run was queued, started, or ended. */
  | { readonly kind: 'run'; readonly run: string }
  /** What a person may do here (null: anybody): a membership, role, token or grant changed. */
  | { readonly kind: 'access'; readonly user: string | null };

/** Which entry of the Worker a stack runs: what is deployed, or the same with the conformance suite's fixtures beside its tools. */
export type WorkerEntry = 'product' | 'conformance';

/** Paths in the repository. `wrangler.toml` names the first, and that alone is deployed. */
export const WORKER_ENTRIES: Readonly<Record<WorkerEntry, string>> = {
  product: 'worker/index.ts',
  conformance: 'worker/conformance/index.ts',
};

import type { Tool } from './tool.ts';

/** What a call takes of its credential's `calls_per_minute`, by what its tool does. */
export const CALL_COSTS = {
  /** Looks at something: most calls. */
  read: 1,
  /** Commits, imports, creates: rows and blobs that stay. */
  write: 2,
  /** Starts a sandbox. The tenant's `run_starts_per_minute` bounds them besides. */
  run: 5,
} as const;

export type CallClass = keyof typeof CALL_COSTS;

/** The class of a tool, by what it says of itself. */
export function classOf({ annotations, needs }: Pick<Tool, 'annotations' | 'needs'>): CallClass {
  if (annotations.readOnlyHint) return 'read';
  return needs.scopes.includes('runs:execute') ? 'run' : 'write';
}

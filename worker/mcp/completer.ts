import type { ToolContext } from './tool.ts';

/** What one answer carries (MCP, completion). */
export const COMPLETIONS_MAX = 100;
/** One more than that, so that it is known whether there are more. */
export const SUGGESTED_MAX = COMPLETIONS_MAX + 1;

/** What completes a value that somebody has begun to write. */
export interface Begun {
  readonly prefix: string;
  /** Values of the other variables that are known already. */
  readonly known: Readonly<Record<string, string>>;
}

/**
 * The values that may stand there, in order, as far as the principal may see them; what is absent or another's completes to
 * nothing. The caller keeps the first hundred.
 */
export type Completer = (begun: Begun, context: ToolContext) => Promise<readonly string[]>;

/** By the name of the variable or argument. */
export type Completers = Readonly<Record<string, Completer>>;

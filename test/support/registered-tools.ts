import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import type { Needs } from '../../worker/tenants/principal.ts';

/** What the matrix reads of a tool that the Worker registers. */
export interface RegisteredTool {
  readonly name: string;
  readonly needs: Needs;
  readonly input: z.ZodObject;
}

const INDEX = fileURLToPath(new URL('../../worker/mcp/tools/index.ts', import.meta.url));

/**
 * The tools that the Worker registers, from its own list. Their types belong to workerd and stay out of the tests'
 * TypeScript project, hence an import that only runs.
 */
export async function registeredTools(): Promise<readonly RegisteredTool[]> {
  const { TOOLS } = (await import(/* @vite-ignore */ INDEX)) as { TOOLS: readonly RegisteredTool[] };
  return TOOLS;
}

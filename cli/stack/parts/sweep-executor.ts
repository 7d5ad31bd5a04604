import { readConfig } from '../../../executor/config.ts';
import { holdState } from '../../../executor/hold-state.ts';
import { openEngine } from '../../../executor/open-engine.ts';

/**
 * Removes what a killed executor left: sandboxes, mounts and control groups. An executor that ends in any other way does
 * that itself, and one that starts does it for its predecessor. Takes the executor's own arguments.
 */
export async function sweepExecutor(args: readonly string[]): Promise<void> {
  const config = readConfig(args);
  const state = await holdState(config.stateDir);
  if (!state.ok) return;
  try {
    const opened = await openEngine(config, state, () => {});
    if (!opened.ok) return;
    await opened.engine.sweep();
    await opened.engine.close();
  } finally {
    await state.release();
  }
}

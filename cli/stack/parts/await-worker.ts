import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { writePrivateFile } from '../secrets.ts';
import { ROOT_DIR } from '../state-paths.ts';
import { askHealth } from './worker-health.ts';
import { printSettingsFile } from './worker-settings.ts';

const POLL_MS = 250;

/** Writes `.dev.vars` for a `npx wrangler dev` that a person starts by hand, and waits until that Worker is well. */
export async function awaitWorker(options: {
  readonly port: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}): Promise<void> {
  writePrivateFile(join(ROOT_DIR, '.dev.vars'), printSettingsFile(options.settings));
  while (!(await askHealth(options.port))?.ok) await delay(POLL_MS, undefined, { signal: options.signal });
}

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { writePrivateFile } from '../secrets.ts';
import { ROOT_DIR } from '../state-paths.ts';
import { askHealth } from './worker-health.ts';
import { printSettingsFile } from './worker-settings.ts';

const POLL_MS = 250;
const FILE = join(ROOT_DIR, '.dev.vars');

/** Writes `.dev.vars` for a `npx wrangler dev` that a person starts by hand, and waits until that Worker is well. */
export async function awaitWorker(options: {
  readonly port: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}): Promise<void> {
  writePrivateFile(FILE, printSettingsFile(options.settings));
  while (!(await askHealth(options.port))?.ok) await delay(POLL_MS, undefined, { signal: options.signal });
}

/** The settings name a database that ends with this stack. */
export function removeDevVars(): void {
  rmSync(FILE, { force: true });
}

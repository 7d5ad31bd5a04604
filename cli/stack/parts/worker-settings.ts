import { checkWorkerSettings, type WorkerSettings } from '../../settings/schema.ts';
import type { StackSecrets } from '../secrets.ts';

export interface Endpoints {
  /** Without a slash at its end. */
  readonly publicUrl: string;
  readonly postgresPort: number;
  readonly postgresHttpPort: number;
  readonly edge: 'cloudflare' | 'none';
  /** Over what `up` sets by itself. */
  readonly settings: WorkerSettings;
}

/** The variables of the Worker in a stack that `up` started. */
export function workerSettings(
  endpoints: Endpoints,
  secrets: StackSecrets,
): Readonly<Record<string, string>> {
  return checkWorkerSettings({
    PUBLIC_URL: endpoints.publicUrl,
    DATABASE_URL: `postgres://causeway_app:${secrets.appPassword}@127.0.0.1:${endpoints.postgresPort}/causeway`,
    DATABASE_HTTP_URL: `http://127.0.0.1:${endpoints.postgresHttpPort}/sql`,
    CONTEXT_KEY: secrets.contextKey,
    SEAL_KEY: secrets.sealKey,
    KEY_PASSPHRASE: secrets.keyPassphrase,
    EDGE: endpoints.edge,
    ADMINISTRATION: 'on',
    ...endpoints.settings,
  });
}

/** The settings as a file that wrangler reads (`.dev.vars`, `--env-file`). */
export function printSettingsFile(settings: Readonly<Record<string, string>>): string {
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `# Written by ./causeway; for this machine only.\n${lines.join('\n')}\n`;
}

import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '../../cli/database/migrate.ts';
import { provisionDatabase, urlOfDatabase } from '../../cli/database/provision-database.ts';
import { startPostgres } from '../../cli/database/start-postgres.ts';

/** A Postgres of the benchmark's own with Causeway's schema, to be filled with what no deployment should hold. */
export interface ScratchDatabase {
  readonly port: number;
  readonly ownerUrl: string;
  readonly appUrl: string;
  readonly superuserUrl: string;
  /** Base64url, as the Worker's setting spells it. */
  readonly ticketKey: string;
  stop(): Promise<void>;
}

export async function openScratchDatabase(): Promise<ScratchDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-protection-'));
  chmodSync(folder, 0o755);
  const postgres = await startPostgres({ stateFolder: folder });
  const stop = async (): Promise<void> => {
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const [ownerPassword, appPassword] = [randomBytes(18), randomBytes(18)].map((bytes) =>
      bytes.toString('base64url'),
    );
    const key = randomBytes(32);
    const { ownerUrl } = await provisionDatabase({
      adminUrl: postgres.superuserUrl,
      ownerPassword: ownerPassword ?? '',
    });
    await migrate({ ownerUrl, appPassword: appPassword ?? '', ticketKeys: { current: key } });
    const superuserUrl = urlOfDatabase(postgres.superuserUrl, 'causeway');
    const app = new URL(superuserUrl);
    app.username = 'causeway_app';
    app.password = appPassword ?? '';
    return {
      port: Number(app.port),
      ownerUrl,
      appUrl: app.href,
      superuserUrl,
      ticketKey: key.toString('base64url'),
      stop,
    };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

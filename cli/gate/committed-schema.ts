import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '../database/migrate.ts';
import { printSchema } from '../database/print-schema.ts';
import { provisionDatabase } from '../database/provision-database.ts';
import { startPostgres } from '../database/start-postgres.ts';
import { ROOT_DIR } from '../stack/state-paths.ts';

const SCHEMA_FILE = join(ROOT_DIR, 'schema.sql');

/** Where schema.sql and what the migrations make in an empty Postgres part; nothing where they are the same. */
export async function compareSchema(): Promise<readonly string[]> {
  if (!existsSync(SCHEMA_FILE)) return ['schema.sql is missing'];
  const committed = readFileSync(SCHEMA_FILE, 'utf8').split('\n');
  const made = (await schemaOfMigrations()).split('\n');
  const at = made.findIndex((line, index) => line !== committed[index]);
  if (at < 0 && made.length === committed.length) return [];
  const line = at < 0 ? made.length : at;
  return [
    `schema.sql:${line + 1}`,
    `  committed  ${committed[line] ?? '(end)'}`,
    `  migrations ${made[line] ?? '(end)'}`,
  ];
}

export async function writeSchema(): Promise<void> {
  writeFileSync(SCHEMA_FILE, await schemaOfMigrations());
}

async function schemaOfMigrations(): Promise<string> {
  const stateFolder = mkdtempSync(join(tmpdir(), 'causeway-schema-'));
  const server = await startPostgres({ stateFolder, fsync: false });
  try {
    const { ownerUrl } = await provisionDatabase({
      adminUrl: server.superuserUrl,
      ownerPassword: randomBytes(24).toString('base64url'),
    });
    await migrate({ ownerUrl });
    return await printSchema(ownerUrl);
  } finally {
    await server.stop();
    rmSync(stateFolder, { recursive: true, force: true });
  }
}

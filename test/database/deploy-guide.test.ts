import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { unstable_readConfig } from 'wrangler';
import { startPostgres } from '../../cli/database/start-postgres.ts';
import { withClient } from '../../cli/database/with-client.ts';
import { ROOT_DIR } from '../../cli/stack/state-paths.ts';
import { ensureCertificates } from '../../cli/tls/certificates.ts';
import { startPostgresHttp } from '../../infra/postgres-http/server.ts';
import { createDatabase } from '../../worker/database/database.ts';
import { KNOWN_MIGRATIONS } from '../../worker/database/known-migrations.ts';
import { readStartupFacts } from '../../worker/database/startup-facts.ts';
import { importTicketKey } from '../../worker/database/ticket.ts';
import { judgeDatabase } from '../../worker/startup/judge-database.ts';
import { judgeSettings } from '../../worker/startup/judge-settings.ts';
import { causeway } from '../support/causeway.ts';

/*
 * What docs/deploy.md has an operator type is typed here: into a shell, into a Postgres with TLS that has nothing of ours, and, for
 * the platform, of which nobody has an account here, into a wrangler that writes down what it is told.
 */

const BLOCKS = readFileSync(join(ROOT_DIR, 'docs/deploy.md'), 'utf8')
  .split('```')
  .filter((_text, at) => at % 2 === 1);
const blocksIn = (language: string) =>
  BLOCKS.flatMap((block) => (block.startsWith(`${language}\n`) ? [block.slice(language.length + 1)] : []));
const [secretsScript = '', deployScript = ''] = blocksIn('sh');
const [sql = ''] = blocksIn('sql');
const OF_WORKER = ['PUBLIC_URL', 'DATABASE_URL', 'CONTEXT_KEY', 'SEAL_KEY', 'KEY_PASSPHRASE'] as const;

function newFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'causeway-guide-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Types a script in a home of its own; the variables that it leaves. */
function typed(script: string, home: string, env: NodeJS.ProcessEnv = {}): Readonly<Record<string, string>> {
  const options = {
    cwd: home,
    env: { PATH: process.env.PATH, ...env, HOME: home },
    encoding: 'utf8',
  } as const;
  const left = execFileSync('bash', ['--norc', '-euc', `{ ${script}\n} >&2; env -0`], options).split('\0');
  return Object.fromEntries(left.map((pair) => [pair.split('=')[0], pair.slice(pair.indexOf('=') + 1)]));
}

/** A Postgres with TLS that has nothing of ours. */
async function startBarePostgres() {
  const folder = newFolder();
  chmodSync(folder, 0o755);
  const postgres = await startPostgres({ stateFolder: folder, fsync: false });
  onTestFinished(() => postgres.stop());
  const { certFile, keyFile, caFile } = await ensureCertificates(join(folder, 'tls'), ['localhost']);
  const { uid, gid } = statSync(join(folder, 'data'));
  for (const [name, file] of Object.entries({ 'server.crt': certFile, 'server.key': keyFile })) {
    copyFileSync(file, join(folder, 'data', name));
    chownSync(join(folder, 'data', name), uid, gid);
  }
  const type = (text: string, url = postgres.superuserUrl) =>
    withClient(url, async (client) => {
      // As psql does: each statement by itself.
      for (const statement of text.split(/;.*\n/)) if (statement.trim() !== '') await client.query(statement);
    });
  await type('alter system set ssl = on;\nselect pg_reload_conf();\n');
  return { ...postgres, caFile, type };
}

/** The settings that the first block writes down, of a database that is really there. */
function settingsFor({ port, caFile }: { readonly port: number; readonly caFile: string }) {
  const there = `@localhost:${port}/causeway`;
  const script = secretsScript
    .replace(
      '@db.example.com/causeway?sslmode=verify-full',
      `'${there}?sslmode=verify-full&sslrootcert=${caFile}'`,
    )
    .replace('@db.example.com/causeway', there);
  const home = newFolder();
  const settings = typed(script, home);
  expect(statSync(join(home, 'causeway.env')).mode & 0o777).toBe(0o600);
  return settings;
}

describe('docs/deploy.md', () => {
  test.each(['a superuser', 'who may make roles and databases, and nothing else'])(
    'makes, typed by %s, a database with which the Worker serves, by the settings that it wrote down',
    { timeout: 120_000 },
    async (who) => {
      const postgres = await startBarePostgres();
      const env = settingsFor(postgres);
      let admin = postgres.superuserUrl;
      if (who !== 'a superuser') {
        await postgres.type("create role cloud login createrole createdb password 'cloud';\n");
        admin = admin.replace(/\/\/[^@]+@/, '//cloud:cloud@');
      }
      const { password } = new URL(env.DATABASE_OWNER_URL ?? '');
      await postgres.type(sql.replace("'...'", `'${password}'`), admin);

      const migrated = await causeway(['migrate'], env);
      expect(migrated.code, migrated.stderr).toBe(0);
      const looked = await causeway(['doctor', '--json', '--state', newFolder()], env);
      const { checks } = JSON.parse(looked.stdout) as { checks: { id: string; state: string }[] };
      expect(checks.find(({ id }) => id === 'database')).toMatchObject({ state: 'ok' });

      expect(judgeSettings(Object.fromEntries(OF_WORKER.map((name) => [name, env[name]])))).toEqual([]);
      const http = await startPostgresHttp({ upstream: { host: '127.0.0.1', port: postgres.port } });
      onTestFinished(() => http.close());
      const asked = createDatabase({
        connectionString: env.DATABASE_URL ?? '',
        endpoint: http.url,
        ticketKey: await importTicketKey(env.CONTEXT_KEY ?? ''),
      });
      const facts = await readStartupFacts(asked, 'a'.repeat(64));
      expect(judgeDatabase(facts, { known: KNOWN_MIGRATIONS, daysMax: 400 })).toEqual([]);
      expect(facts?.keyDays.context).toBe(0);
    },
  );

  test('gives wrangler the settings of the Worker, nothing of the owner, and a configuration that it takes', () => {
    const home = newFolder();
    copyFileSync(join(ROOT_DIR, 'wrangler.toml'), join(home, 'wrangler.toml'));
    const env = settingsFor({ port: 5432, caFile: '/ca' });
    const wrangler = '[ "$1 $2 $3" = "wrangler deploy --secrets-file" ] && cp -p "$4" given';
    writeFileSync(join(home, 'npx'), `#!/bin/sh\n${wrangler}\n`, { mode: 0o755 });
    writeFileSync(join(home, 'causeway'), '#!/bin/sh\necho "$@" > asked\n', { mode: 0o755 });
    typed(deployScript, home, { ...env, PATH: `${home}${delimiter}${process.env.PATH}` });

    const given = readFileSync(join(home, 'given'), 'utf8');
    expect(given).toBe(OF_WORKER.map((name) => `${name}=${env[name]}\n`).join(''));
    expect(statSync(join(home, 'given')).mode & 0o777).toBe(0o600);
    expect(() => statSync(join(home, 'causeway.secrets'))).toThrow('ENOENT');
    expect(readFileSync(join(home, 'asked'), 'utf8')).toBe('doctor --url https://causeway.example.com\n');
    const read = unstable_readConfig({ config: join(home, 'wrangler.toml') });
    expect(read.routes).toEqual([{ pattern: 'causeway.example.com', custom_domain: true }]);
    expect(read.durable_objects.bindings).toHaveLength(6);
    expect(read.observability).toMatchObject({ enabled: true });
  });
});

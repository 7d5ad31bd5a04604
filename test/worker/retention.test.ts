import { createHash } from 'node:crypto';
import { existsSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiClient, apiSession } from '../support/api.ts';
import { crashWorker, type RevivedWorker } from '../support/crash-worker.ts';
import { fireCron } from '../support/fire-cron.ts';
import { signedIn } from '../support/oauth.ts';
import { queryAs } from '../support/query-as.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { type Acme, causeway as command, settleAcme } from '../support/tenant-world.ts';
import type { Account } from '../support/visitor.ts';

let stack: TestStack;
let stop: () => Promise<void>;
let revived: RevivedWorker | undefined;
let ann: Acme['ann'];
let bob: Acme['bob'];
let owner: ApiClient;

beforeAll(async () => {
  ({ stack, stop } = await startTestStack({ slots: 1 }));
  ({ ann, bob } = await settleAcme(stack));
  owner = await apiSession(stack, ann as unknown as Account);
});
afterAll(async () => {
  await revived?.stop();
  await stop();
});

const seen = (sql: string, values: readonly unknown[] = []) => queryAs(stack.superuserUrl, sql, values);
const tenant = (name: string, ...args: readonly string[]) => command(stack, 'tenant', name, ...args);
const inTenant = () => ({ params: { tenant: ann.tenant } });
const fileOf = (sha256: unknown) => join(stack.stateDir, 'blobs', ann.tenant, String(sha256));
const isStored = (sha256: unknown) => existsSync(fileOf(sha256));

/** A run that prints much and leaves two files, all of which say `what`. */
async function runOf(what: string): Promise<string> {
  const content = `print("printed ${what}\\n" * 3000)
open("/outputs/table.csv", "w").write("what\\n${what}\\n")
open("/outputs/note.txt", "w").write("left ${what}")
`;
  const { project } = ann;
  await ann.call('write_files', { project, files: [{ path: 'chatty.py', content }], message: what });
  const ran = await ann.call<{ run: string; state: string }>('run_model', {
    ...{ project, path: 'chatty.py', wait_seconds: 45 },
  });
  expect(ran.structured.state).toBe('succeeded');
  return ran.structured.run;
}

/** Digests of what a run printed, left, and of its program. */
async function digestsOf(run: string) {
  const [row] = await seen('select outcome, manifest from app.runs where run_id = $1', [run]);
  const { outcome, manifest } = row as {
    outcome: { stdout: { sha256: string }; outputs: { name: string; sha256: string }[] };
    manifest: { files: { path: string; sha256: string }[] };
  };
  const { stdout, outputs } = outcome;
  const { files } = manifest;
  const of = (name: string) => outputs.find((output) => output.name === name)?.sha256 ?? '';
  const program = files.find(({ path }) => path === 'chatty.py')?.sha256 ?? '';
  return { log: stdout.sha256, table: of('table.csv'), note: of('note.txt'), program };
}

const endedBefore = (run: string, days: number) =>
  seen('update app.runs set finished_at = finished_at - make_interval(days => $2) where run_id = $1', [
    ...[run, days],
  ]);

/** Lets two days pass: for the database, for the store, and for the sweep, which comes once a day. */
async function letTwoDaysPass(): Promise<void> {
  await seen("update app.retention_sweeps set swept_at = swept_at - interval '2 days'");
  await seen("update app.blobs_to_remove set found_at = found_at - interval '2 days'");
  const folder = join(stack.stateDir, 'blobs', ann.tenant);
  const before = new Date(Date.now() - 2 * 24 * 3600_000);
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isFile()) utimesSync(join(folder, entry.name), before, before);
}

async function twoDaysLater(): Promise<void> {
  await letTwoDaysPass();
  expect(await fireCron(stack)).toBe(200);
}

/** Of how many of these runs the log is gone. */
const expiredRuns = async (runs: readonly string[]) =>
  (await seen("select from app.runs where run_id = any($1) and outcome ? 'expired'", [runs])).length;

/** Kills the Worker in its cron when it comes to a table that somebody has locked, and what it was asking with it. */
async function killAt(table: string, mode: string): Promise<void> {
  await letTwoDaysPass();
  const holder = new pg.Client({ connectionString: stack.superuserUrl });
  holder.on('error', () => {});
  await holder.connect();
  try {
    await holder.query('begin');
    await holder.query(`lock table ${table} in ${mode} mode`);
    const fired = fireCron(stack).catch(() => 0);
    const waiting = () =>
      seen('select pid from pg_locks where not granted and relation = $1::regclass', [table]);
    await expect.poll(waiting, { timeout: 20_000 }).not.toEqual([]);
    revived = await crashWorker(
      stack,
      async () => {
        for (const { pid } of await waiting()) await seen('select pg_terminate_backend($1)', [pid]);
        await holder.query('rollback');
      },
      revived?.pid,
    );
    await fired;
  } finally {
    await holder.end();
  }
}

describe('for how long a team keeps things', () => {
  test('is said by an owner, signed in, and read by an admin; by no token', async () => {
    expect(await owner.get('getRetention', inTenant())).toEqual({
      runs: { days: null, is_own: false },
      logs: { days: 90, is_own: false },
      outputs: { days: 90, is_own: false },
      snapshots: { days: 90, is_own: false },
      audit: { days: null, is_own: false },
    });
    const body = { logs: 30, outputs: null, audit: 400 };
    const changed = { logs: { days: 30, is_own: true }, audit: { days: 400, is_own: true } };
    expect(await owner.get('setRetention', { ...inTenant(), body })).toMatchObject(changed);
    const admin = await apiSession(stack, bob);
    expect(await admin.get('getRetention', inTenant())).toMatchObject({
      ...{ ...changed, outputs: { days: null, is_own: true }, runs: { days: null, is_own: false } },
    });
    expect((await admin.call('setRetention', { ...inTenant(), body })).status).toBe(403);
    for (const bad of [{ logs: 0 }, { logs: 1.5 }, { audit: 29 }, { runs: 'soon' }, { runs: 40_000 }])
      expect((await owner.call('setRetention', { ...inTenant(), body: bad })).status).toBe(400);
    const [event] = await seen(
      "select credential_kind, details from app.audit_events where tenant_id = $1 and action = 'tenant.set_retention' and outcome = 'ok'",
      [ann.tenant],
    );
    expect(event).toEqual({ credential_kind: 'session', details: body });
  });

  test('is said on the page of an owner, which offers what is kept already', async () => {
    const browser = await signedIn(stack, ann);
    const page = await (await browser.get('/teams')).text();
    expect(page).toContain('What runs printed</th><td>30 days');
    expect(page).toMatch(/Records of runs<\/th><td>for ever <span class="dim">as everybody here/);
    const action = `/teams/${ann.tenant}/retention`;
    const sent = await browser.submit('/teams', action, { logs: '7', outputs: 'default', audit: 'for-ever' });
    expect(sent.headers.get('location')).toBe('/teams?done=retention');
    expect(await owner.get('getRetention', inTenant())).toMatchObject({
      logs: { days: 7, is_own: true },
      outputs: { days: 90, is_own: false },
      audit: { days: null, is_own: false },
    });
    expect((await browser.submit('/teams', action, { logs: 'soon' })).status).toBe(422);
  });

  test('is said by the operator, of one tenant and as a default of all', async () => {
    const said = await tenant('retention', ann.tenant, '--logs', '5', '--outputs', 'for-ever', '--json');
    expect(said.code, said.out).toBe(0);
    expect(JSON.parse(said.out)).toMatchObject({
      retention: { logs: { days: 5, is_own: true }, outputs: { days: null, is_own: true } },
    });
    expect((await tenant('retention', ann.tenant)).out).toMatch(/logs +5 days +the tenant/);
    const bad = await tenant('retention', ann.tenant, '--logs', 'soon');
    expect(bad.code).toBe(1);
    expect(bad.out).toContain('Nothing was changed');
    const never = await tenant('retention', 'ten_00000000000000000000000000');
    expect(never.out).toMatch(/there is no such tenant/);
    expect((await tenant('retention', '--logs', '60')).out).toMatch(/logs +60 days/);
    expect((await tenant('retention', '--audit', '60')).code).toBe(1);
    expect((await tenant('retention', '--logs', 'default')).code).toBe(1);
    expect((await tenant('retention', '--json')).out).toContain('"logs":60');
    await tenant('retention', '--logs', '90');
    const told = await seen(
      `select details from app.audit_events where tenant_id = $1
          and action = 'tenant.set_retention' and credential_kind = 'operator'`,
      [ann.tenant],
    );
    expect(told).toEqual([{ details: { logs: 5, outputs: null } }]);
    await tenant('retention', ann.tenant, '--logs', '30', '--outputs', '30');
  });
});

describe('a run of which the log and the outputs are over their time', () => {
  let old: string;
  let young: string;
  let gone: Awaited<ReturnType<typeof digestsOf>>;
  let kept: Awaited<ReturnType<typeof digestsOf>>;

  test('stays as a record that says so: to agents, on its page, in a comparison', async () => {
    old = await runOf('old');
    young = await runOf('young');
    [gone, kept] = [await digestsOf(old), await digestsOf(young)];
    await endedBefore(old, 31);
    await twoDaysLater();
    const shown = await ann.getRun(old);
    expect(shown.state).toBe('succeeded');
    expect(JSON.stringify(shown)).not.toContain('printed old');
    expect(shown.hint).toMatch(/What it left \(`note.txt`, `table.csv`\) was kept until 20/);
    for (const name of ['stdout', 'table.csv', 'note.txt']) {
      const read = await ann.call('get_run_output', { run: old, name });
      expect(read.error, name).toMatchObject({ code: 'expired' });
    }
    const imported = await ann.call('import_data', {
      ...{
        project: ann.project,
        name: 'from_old',
        format: 'csv',
        run_output: { run: old, name: 'table.csv' },
      },
    });
    expect(imported.error).toMatchObject({ code: 'expired' });
    const browser = await signedIn(stack, ann);
    const page = await (await browser.get(`/runs/${ann.tenant}/${old}`)).text();
    expect(page).toMatch(/table\.csv<\/bdi><br><span class="badge">expired<\/span>/);
    expect(page).not.toContain('printed old\nprinted old');
    for (const name of ['stdout', 'table.csv']) {
      const file = await browser.get(`/runs/${ann.tenant}/${old}/outputs/${name}`);
      expect(file.status).toBe(410);
      expect(await file.text()).toContain('was kept until');
    }
    const compared = await ann.call<{ summary: string; outputs: string[]; same_stdout: boolean }>(
      'compare_runs',
      { run_a: old, run_b: young },
    );
    expect(compared.structured.outputs).toEqual(['note.txt: changed', 'table.csv: changed']);
    const same = await ann.call<{ summary: string; same_outputs: boolean }>('compare_runs', {
      ...{ run_a: old, run_b: old },
    });
    expect(same.structured.same_outputs).toBe(false);
    expect(same.structured.summary).toContain('what was printed is not kept any more');
    expect((await ann.getRun(young)).stdout.text).toContain('printed young');
  });

  test('has its bytes in the store for a day more, then no more; what anything names stays', async () => {
    expect([gone.log, gone.table, gone.note].map(isStored)).toEqual([true, true, true]);
    await twoDaysLater();
    expect([gone.log, gone.table, gone.note].map(isStored)).toEqual([false, false, false]);
    expect([gone.program, kept.log, kept.table, kept.note, kept.program].every(isStored)).toBe(true);
    const events = await seen(
      `select action, details from app.audit_events where tenant_id = $1
          and action in ('tenant.expire', 'tenant.remove_blobs') order by position`,
      [ann.tenant],
    );
    expect(events).toMatchObject([
      { action: 'tenant.expire', details: { removed: { logs: 1, outputs: 1 } } },
      { action: 'tenant.remove_blobs', details: { blobs: 3 } },
    ]);
    expect(
      JSON.stringify((await ann.call('get_run_output', { run: young, name: 'stdout' })).structured),
    ).toContain('printed young');
  });

  test('may be run again: what it leaves is stored anew, whatever went', async () => {
    const again = await runOf('old');
    const digests = await digestsOf(again);
    expect(digests).toEqual(gone);
    expect([gone.log, gone.table, gone.note].every(isStored)).toBe(true);
    const read = await ann.call('get_run_output', { run: again, name: 'table.csv' });
    expect(read.structured).toMatchObject({ rows: [['old']] });
  });
});

describe('bytes that are on their way out of the store', () => {
  test('are kept where somebody stores the same before they go, who finds them there', async () => {
    const first = await runOf('twice');
    const digests = await digestsOf(first);
    await endedBefore(first, 31);
    await twoDaysLater();
    expect(isStored(digests.table)).toBe(true);
    const second = await runOf('twice');
    await twoDaysLater();
    await twoDaysLater();
    expect(Object.values(digests).every(isStored)).toBe(true);
    const read = await ann.call('get_run_output', { run: second, name: 'note.txt' });
    expect(read.structured).toMatchObject({ text: 'left twice' });
  });

  test('are named by nobody while they go: who finds them there is told to try again, and then stores them anew', async () => {
    const text = 'a,b\n1,2\n';
    const importing = (name: string) =>
      ann.call<{ sha256: string }>('import_data', { project: ann.project, name, format: 'csv', text });
    const { sha256 } = (await importing('first')).structured;
    await seen('insert into app.blobs_to_remove (tenant_id, sha256, claimed_at) values ($1, $2, now())', [
      ...[ann.tenant, sha256],
    ]);
    const refused = await importing('second');
    expect(refused.error).toMatchObject({ code: 'unavailable', retryable: true });
    expect(await seen("select from app.data_sources where name = 'second'")).toEqual([]);
    await seen('delete from app.blobs_to_remove where sha256 = $1', [sha256]);
    expect((await importing('second')).error).toBeNull();
  });

  test('are the script of no run while they go: it is refused before there is one', async () => {
    const code = 'print("beside every project")';
    const running = () => ann.call('run_code', { project: ann.project, code, wait_seconds: 45 });
    const runs = () => seen("select from app.runs where tenant_id = $1 and kind = 'scratch'", [ann.tenant]);
    expect((await running()).error).toBeNull();
    const before = await runs();
    const sha256 = createHash('sha256').update(code).digest('hex');
    await seen('insert into app.blobs_to_remove values ($1, $2, now(), now())', [ann.tenant, sha256]);
    const refused = await running();
    await seen('delete from app.blobs_to_remove where sha256 = $1', [sha256]);
    expect(refused.error).toMatchObject({ code: 'unavailable', retryable: true });
    expect(refused.error?.message).not.toMatch(/equal|bytes|remove/i);
    expect(await runs()).toEqual(before);
    expect((await running()).error).toBeNull();
  });

  test('are gone in the end, and nothing else is, however often the Worker is killed in the middle', async () => {
    const runs: string[] = [];
    for (const what of ['one', 'two', 'three']) runs.push(await runOf(what));
    const all = await Promise.all(runs.map(digestsOf));
    const [one, two, three] = all as [(typeof all)[0], (typeof all)[0], (typeof all)[0]];
    await endedBefore(runs[0] ?? '', 31);
    await endedBefore(runs[1] ?? '', 31);
    const isGone = () => [one, two].flatMap(({ log, table, note }) => [log, table, note].map(isStored));
    // Before a row goes; when rows are gone and nothing is claimed; when blobs are removed and nobody knows.
    await killAt('app.retention_sweeps', 'share');
    expect(await expiredRuns(runs)).toBe(0);
    await twoDaysLater();
    expect(await expiredRuns(runs)).toBe(2);
    await killAt('app.trees', 'access exclusive');
    expect(isGone()).not.toContain(false);
    await killAt('app.blobs_to_seal', 'share');
    expect(isGone()).not.toContain(true);
    expect(await seen('select from app.blobs_to_remove where claimed_at is not null')).toHaveLength(6);
    // What a dead Worker had claimed is free after an hour.
    await seen("update app.blobs_to_remove set claimed_at = claimed_at - interval '2 hours'");
    for (const _ of [1, 2, 3]) await twoDaysLater();
    expect(isGone()).not.toContain(true);
    expect(Object.values(three).every(isStored)).toBe(true);
    expect(await seen('select from app.blobs_to_remove where tenant_id = $1', [ann.tenant])).toEqual([]);
    const [counted] = await seen(
      `select sum((details #>> '{removed,logs}')::int)::int as logs from app.audit_events
        where tenant_id = $1 and action = 'tenant.expire'`,
      [ann.tenant],
    );
    expect(counted).toEqual({ logs: 4 });
    const unnamed = await seen(
      `select r.sha256 from app.referenced_blobs($1) as r
        where not exists (select from app.blobs_to_remove as b where b.sha256 = r.sha256)`,
      [ann.tenant],
    );
    expect(unnamed.filter(({ sha256 }) => !isStored(sha256))).toEqual([]);
  });
});

import { createHash } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { crashWorker, type RevivedWorker } from '../support/crash-worker.ts';
import { fireCron } from '../support/fire-cron.ts';
import { type KeptRuns, keptRunsOf } from '../support/kept-runs.ts';
import { callTool } from '../support/mcp-call.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { type Acme, causeway as command, settleAcme } from '../support/tenant-world.ts';
import { settleAccount } from '../support/visitor.ts';

let stack: TestStack;
let stop: () => Promise<void>;
let revived: RevivedWorker | undefined;
let ann: Acme['ann'];
let world: KeptRuns;

beforeAll(async () => {
  ({ stack, stop } = await startTestStack({ slots: 1 }));
  ({ ann } = await settleAcme(stack));
  world = keptRunsOf(stack, ann);
  const said = await command(stack, 'tenant', 'retention', ann.tenant, '--logs', '30', '--outputs', '30');
  expect(said.code, said.out).toBe(0);
});
afterAll(async () => {
  await revived?.stop();
  await stop();
});

const sha256Of = (text: string) => createHash('sha256').update(text).digest('hex');

/** Of how many of these runs the log is gone. */
const expiredRuns = async (runs: readonly string[]) =>
  (await world.seen("select from app.runs where run_id = any($1) and outcome ? 'expired'", [runs])).length;

/** Kills the Worker in its cron when it comes to a table that somebody has locked, and what it was asking with it. */
async function killAt(table: string, mode: string): Promise<void> {
  await world.letTwoDaysPass();
  const holder = new pg.Client({ connectionString: stack.superuserUrl });
  holder.on('error', () => {});
  await holder.connect();
  try {
    await holder.query('begin');
    await holder.query(`lock table ${table} in ${mode} mode`);
    const fired = fireCron(stack).catch(() => 0);
    const waiting = () =>
      world.seen('select pid from pg_locks where not granted and relation = $1::regclass', [table]);
    await expect.poll(waiting, { timeout: 30_000 }).not.toEqual([]);
    revived = await crashWorker(
      stack,
      async () => {
        for (const { pid } of await waiting()) await world.seen('select pg_terminate_backend($1)', [pid]);
        await holder.query('rollback');
      },
      revived?.pid,
    );
    await fired;
  } finally {
    await holder.end();
  }
}

describe('bytes that are on their way out of the store', () => {
  test('are kept where somebody stores the same before they go, who finds them there', async () => {
    const first = await world.runOf('twice');
    const digests = await world.digestsOf(first);
    await world.endedBefore(first, 31);
    await world.twoDaysLater();
    expect(world.isStored(digests.table)).toBe(true);
    const second = await world.runOf('twice');
    await world.twoDaysLater();
    await world.twoDaysLater();
    expect(Object.values(digests).every(world.isStored)).toBe(true);
    const read = await ann.call('get_run_output', { run: second, name: 'note.txt' });
    expect(read.structured).toMatchObject({ text: 'left twice' });
  });

  test('are named by nobody while they go: who finds them there is told to try again, and then stores them anew', async () => {
    const text = 'a,b\n1,2\n';
    const importing = (name: string) =>
      ann.call<{ sha256: string }>('import_data', { project: ann.project, name, format: 'csv', text });
    const { sha256 } = (await importing('first')).structured;
    await world.seen(
      'insert into app.blobs_to_remove (tenant_id, sha256, claimed_at) values ($1, $2, now())',
      [...[ann.tenant, sha256]],
    );
    const refused = await importing('second');
    expect(refused.error).toMatchObject({ code: 'unavailable', retryable: true });
    expect(await world.seen("select from app.data_sources where name = 'second'")).toEqual([]);
    await world.seen('delete from app.blobs_to_remove where sha256 = $1', [sha256]);
    expect((await importing('second')).error).toBeNull();
  });

  test('are the script of no run while they go: it is refused before there is one', async () => {
    const code = 'print("beside every project")';
    const running = () => ann.call('run_code', { project: ann.project, code, wait_seconds: 45 });
    const runs = () =>
      world.seen("select from app.runs where tenant_id = $1 and kind = 'scratch'", [ann.tenant]);
    expect((await running()).error).toBeNull();
    const before = await runs();
    const sha256 = sha256Of(code);
    await world.seen('insert into app.blobs_to_remove values ($1, $2, now(), now())', [ann.tenant, sha256]);
    const refused = await running();
    await world.seen('delete from app.blobs_to_remove where sha256 = $1', [sha256]);
    expect(refused.error).toMatchObject({ code: 'unavailable', retryable: true });
    expect(refused.error?.message).not.toMatch(/equal|bytes|remove/i);
    expect(await runs()).toEqual(before);
    expect((await running()).error).toBeNull();
  });

  test('tell nothing to Eve, who may not start a run there: whether they go or not she hears of the project, and keeps nothing', async () => {
    const eve = await settleAccount(stack, { name: 'Eve', tenant: ann.tenant, role: 'member' });
    const code = 'print("a guess of Eve")';
    const guessing = async () => {
      const { error } = await callTool(stack, eve.token, 'run_code', { project: 'None of hers', code });
      const { request_id: _, ...told } = error ?? { request_id: '' };
      return told;
    };
    const told = await guessing();
    expect(told).toMatchObject({ code: 'not_found' });
    const going = [ann.tenant, sha256Of(code)];
    await world.seen("insert into app.blobs_to_remove values ($1, $2, '2026-01-01', now())", going);
    expect(await guessing()).toEqual(told);
    await world.seen(
      'update app.blobs_to_remove set claimed_at = null where sha256 = $2 and tenant_id = $1',
      going,
    );
    expect(await guessing()).toEqual(told);
    expect(
      await world.seen(
        'delete from app.blobs_to_remove where tenant_id = $1 and sha256 = $2 returning found_at::date::text',
        going,
      ),
    ).toEqual([{ found_at: '2026-01-01' }]);
  });

  test('may be of a call that failed, so that no row ever named them: they go as well, but what somebody stored meanwhile', async () => {
    const importing = (text: string) =>
      ann.call('import_data', { project: ann.project, name: 'ragged', format: 'csv', text });
    const [left, wanted] = ['a,b\n1,2,3\n', 'a,b\n4,5,6\n'];
    for (const text of [left, wanted])
      expect((await importing(text)).error).toMatchObject({ code: 'invalid_data' });
    await world.twoDaysLater();
    expect([left, wanted].map(sha256Of).map(world.isStored)).toEqual([true, true]);
    const files = [{ path: 'wanted.txt', content: wanted }];
    const written = await ann.call('write_files', { project: ann.project, files, message: 'The same bytes' });
    expect(written.error).toBeNull();
    for (const _ of [1, 2]) await world.twoDaysLater();
    expect([left, wanted].map(sha256Of).map(world.isStored)).toEqual([false, true]);
    const read = await ann.call('read_file', { project: ann.project, path: 'wanted.txt' });
    expect(read.structured).toMatchObject({ content: expect.stringContaining('4,5,6') });
  });

  test('are gone in the end, and nothing else is, however often the Worker is killed in the middle', async () => {
    const runs: string[] = [];
    for (const what of ['one', 'two', 'three']) runs.push(await world.runOf(what));
    const all = await Promise.all(runs.map(world.digestsOf));
    const [one, two, three] = all as [(typeof all)[0], (typeof all)[0], (typeof all)[0]];
    await world.endedBefore(runs[0] ?? '', 31);
    await world.endedBefore(runs[1] ?? '', 31);
    const isGone = () => [one, two].flatMap(({ log, table, note }) => [log, table, note].map(world.isStored));
    // Before a row goes; when rows are gone and nothing is claimed; when blobs are removed and nobody knows.
    await killAt('app.retention_sweeps', 'share');
    expect(await expiredRuns(runs)).toBe(0);
    await world.twoDaysLater();
    expect(await expiredRuns(runs)).toBe(2);
    await killAt('app.trees', 'access exclusive');
    expect(isGone()).not.toContain(false);
    await killAt('app.blobs_to_seal', 'share');
    expect(isGone()).not.toContain(true);
    expect(await world.seen('select from app.blobs_to_remove where claimed_at is not null')).toHaveLength(6);
    // What a dead Worker had claimed is free after an hour.
    await world.seen("update app.blobs_to_remove set claimed_at = claimed_at - interval '2 hours'");
    for (const _ of [1, 2, 3]) await world.twoDaysLater();
    expect(isGone()).not.toContain(true);
    expect(Object.values(three).every(world.isStored)).toBe(true);
    expect(await world.seen('select from app.blobs_to_remove where tenant_id = $1', [ann.tenant])).toEqual(
      [],
    );
    const [counted] = await world.seen(
      `select sum((details #>> '{removed,logs}')::int)::int as logs from app.audit_events
        where tenant_id = $1 and action = 'tenant.expire'`,
      [ann.tenant],
    );
    expect(counted).toEqual({ logs: 3 });
    const unnamed = await world.seen(
      `select r.sha256 from app.referenced_blobs($1) as r
        where not exists (select from app.blobs_to_remove as b where b.sha256 = r.sha256)`,
      [ann.tenant],
    );
    expect(unnamed.filter(({ sha256 }) => !world.isStored(sha256))).toEqual([]);
  });
});

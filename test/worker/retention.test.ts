import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiClient, apiSession } from '../support/api.ts';
import { type KeptDigests, type KeptRuns, keptRunsOf } from '../support/kept-runs.ts';
import { signedIn } from '../support/oauth.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { type Acme, causeway as command, settleAcme } from '../support/tenant-world.ts';
import type { Account } from '../support/visitor.ts';

let stack: TestStack;
let stop: () => Promise<void>;
let ann: Acme['ann'];
let bob: Acme['bob'];
let owner: ApiClient;
let world: KeptRuns;

beforeAll(async () => {
  ({ stack, stop } = await startTestStack({ slots: 1 }));
  ({ ann, bob } = await settleAcme(stack));
  owner = await apiSession(stack, ann as unknown as Account);
  world = keptRunsOf(stack, ann);
});
afterAll(() => stop());

const tenant = (name: string, ...args: readonly string[]) => command(stack, 'tenant', name, ...args);
const inTenant = () => ({ params: { tenant: ann.tenant } });

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
    const [event] = await world.seen(
      "select credential_kind, details from app.audit_events where tenant_id = $1 and action = 'tenant.set_retention' and outcome = 'ok'",
      [ann.tenant],
    );
    expect(event).toEqual({ credential_kind: 'session', details: body });
  });

  test('is said on the page of an owner, which offers what is kept already', async () => {
    const browser = await signedIn(stack, ann);
    const page = await (await browser.get('/teams')).text();
    expect(page).toContain('What runs printed</th><td>30 days');
    expect(page).toMatch(/Records of runs<\/th><td>for ever <span class="dim">the default here/);
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
    const told = await world.seen(
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
  let gone: KeptDigests;
  let kept: KeptDigests;

  test('stays as a record that says so: to agents, on its page, in a comparison', async () => {
    old = await world.runOf('old');
    young = await world.runOf('young');
    [gone, kept] = [await world.digestsOf(old), await world.digestsOf(young)];
    await world.endedBefore(old, 31);
    await world.twoDaysLater();
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
    expect([gone.log, gone.table, gone.note].map(world.isStored)).toEqual([true, true, true]);
    await world.twoDaysLater();
    expect([gone.log, gone.table, gone.note].map(world.isStored)).toEqual([false, false, false]);
    expect([gone.program, kept.log, kept.table, kept.note, kept.program].every(world.isStored)).toBe(true);
    const [told] = await world.seen(
      `select array_agg(details -> 'removed') filter (where action = 'tenant.expire') as rows,
              sum((details ->> 'blobs')::int)::int as blobs
         from app.audit_events where tenant_id = $1 and action in ('tenant.expire', 'tenant.remove_blobs')`,
      [ann.tenant],
    );
    // These three, and what the inspection of her data had left, which no row names.
    expect(told).toEqual({ rows: [{ logs: 1, outputs: 1 }], blobs: 4 });
    expect(
      JSON.stringify((await ann.call('get_run_output', { run: young, name: 'stdout' })).structured),
    ).toContain('printed young');
  });

  test('may be run again: what it leaves is stored anew, whatever went', async () => {
    const again = await world.runOf('old');
    const digests = await world.digestsOf(again);
    expect(digests).toEqual(gone);
    expect([gone.log, gone.table, gone.note].every(world.isStored)).toBe(true);
    const read = await ann.call('get_run_output', { run: again, name: 'table.csv' });
    expect(read.structured).toMatchObject({ rows: [['old']] });
  });
});

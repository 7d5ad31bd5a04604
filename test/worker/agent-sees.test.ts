import { beforeAll, describe, expect, test } from 'vitest';
import { Ear } from '../support/ear.ts';
import { formsOf } from '../support/forms-of.ts';
import { callTool } from '../support/mcp-call.ts';
import { signedIn } from '../support/oauth.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { type Account, settleAccount, type Visitor } from '../support/visitor.ts';

const stack = sharedStack();
const ROWS = 40;
const PNG = '89504e470d0a1a0a';

/** Mallory's model: it has seen the salaries, and tries every way out that a run which succeeds has. */
const TELLS = `import os
import sys
import time

import causeway
import pandas as pd

df = causeway.data("salaries")
secret = str(df["name"][0])
bit = int(df["salary"][0]) % 2
print(secret, "salary", df["salary"][0], "x" * (bit * 5000))
print(secret * (1 + bit), file=sys.stderr)
causeway.progress(3 + bit, 10, secret)
time.sleep(0.6)
pd.DataFrame({secret: range(5 + 500 * bit), f"bit{bit}": 1}).to_csv(f"/outputs/{secret}.csv", index=False)
df.to_csv("/outputs/rows.csv", index=False)
df.to_parquet("/outputs/rows.parquet")
open(f"/outputs/{secret}.png", "wb").write(bytes.fromhex("${PNG}") + secret.encode())
for n in range(2 + bit):
    open(f"/outputs/{secret}-{n}.txt", "w").write(secret * (10 + 1000 * bit))
open(f"/outputs/bit{bit}.json", "w").close()
os.symlink(secret, f"/outputs/{secret}-link")
`;
/** And every way that one which fails has. */
const FAILS = `import sys

import causeway

df = causeway.data("salaries")
secret = str(df["name"][0])
if int(df["salary"][0]) % 2:
    sys.exit(3)
print(secret, file=sys.stderr)
raise KeyError(f"{secret} earns {df['salary'][0]}")
`;

interface Answer {
  readonly run: string;
  readonly state: string;
  readonly [field: string]: unknown;
}

/** A team with Mallory's agent in it, and Paula, who may see the salaries. */
interface Team {
  readonly secret: string;
  readonly salary: number;
  readonly mallory: Account;
  readonly paula: Account;
  readonly browser: Visitor;
  readonly project: string;
  readonly ears: readonly Ear[];
  readonly told: Answer;
  readonly failed: Answer;
  /** Of {@link askEverything}. */
  readonly answers: readonly unknown[];
}

async function settleTeam(bit: 0 | 1): Promise<Omit<Team, 'answers'>> {
  const paula = await settleAccount(stack, { name: 'Paula' });
  const mallory = await settleAccount(stack, { name: 'Mallory', tenant: paula.tenant, role: 'member' });
  const secret = `zq${crypto.randomUUID().replaceAll('-', '')}`;
  const salary = 7_318_450 + bit;
  const rows = Array.from(
    { length: ROWS },
    (_, n) => `${n === 0 ? secret : `somebody${n}`},${n === 0 ? salary : 1000}`,
  );
  const made = await callTool<{ project: string }>(stack, paula.token, 'create_project', { name: 'Pay' });
  const { project } = made.structured;
  const imported = await callTool(stack, paula.token, 'import_data', {
    ...{ project, name: 'salaries', format: 'csv', agent_sees: 'schema_only' },
    text: `name,salary\n${rows.join('\n')}\n`,
  });
  expect(imported.error).toBe(null);
  await callTool(stack, mallory.token, 'write_files', {
    ...{ project, message: 'Add models' },
    files: [
      { path: 'tells.py', content: TELLS },
      { path: 'fails.py', content: FAILS },
    ],
  });
  const ears = (['2025', '2026'] as const).map((era) => new Ear(stack, mallory.token, era));
  const [first, second] = ears as [Ear, Ear];
  const told = await first.call<Answer>('run_model', { project, path: 'tells.py', idempotency_key: KEY });
  const failed = await second.call<Answer>('run_model', { project, path: 'fails.py' });
  const browser = await signedIn(stack, paula);
  return { secret, salary, mallory, paula, browser, project, ears, told, failed };
}

const KEY = '0199c5a0-0000-7000-8000-000000000001';

let even: Team;
let odd: Team;
beforeAll(async () => {
  const settled = async (bit: 0 | 1) => {
    const team = await settleTeam(bit);
    return { ...team, answers: await askEverything(team) };
  };
  [even, odd] = await Promise.all([settled(0), settled(1)]);
}, 120_000);

/** Everything that an agent can ask about the runs and the data, by each way out that there is. */
async function askEverything({
  ears,
  project,
  told,
  failed,
  secret,
}: Omit<Team, 'answers'>): Promise<readonly unknown[]> {
  const answers: unknown[] = [];
  for (const [turn, ear] of ears.entries()) {
    const call = async (name: string, args: Record<string, unknown>) =>
      answers.push(await ear.call(name, args));
    const ask = async (method: string, params: Record<string, unknown> = {}) =>
      answers.push(await ear.ask(method, params));
    await call('describe_data', { project, name: 'salaries' });
    await call('list_data_sources', { project });
    await call('list_runs', { project });
    for (const run of [told.run, failed.run]) {
      await call('get_run', { run, wait_seconds: 5 });
      await call('cancel_run', { run });
      for (const name of ['stdout', 'stderr', 'rows.csv', 'rows.parquet', 'bit1.json', `${secret}.png`])
        await call('get_run_output', { run, name });
      for (const uri of [
        '',
        '/stdout',
        '/stderr',
        '/outputs/rows.csv',
        `/outputs/${secret}.png`,
        '/outputs/bit0.json',
      ])
        await ask('resources/read', { uri: `run://${run}${uri}` });
      await ask('prompts/get', { name: 'explain_run', arguments: { run } });
      await ask('completion/complete', {
        ref: { type: 'ref/resource', uri: 'run://{run}/outputs/{name}' },
        argument: { name: 'name', value: '' },
        context: { arguments: { run } },
      });
    }
    await call('compare_runs', { run_a: told.run, run_b: failed.run });
    await call('compare_runs', { run_a: told.run, run_b: told.run });
    await ask('resources/read', { uri: `comparison://${told.run}/${failed.run}` });
    await ask('prompts/get', { name: 'compare_two_runs', arguments: { run_a: told.run, run_b: failed.run } });
    await ask('resources/list');
    await ask('resources/read', { uri: `data://${project}/salaries` });
    await ask('resources/read', { uri: `data://${project}/salaries?offset=0` });
    for (const name of ['explore_data', 'build_forecast'])
      await ask('prompts/get', { name, arguments: { project, source: 'salaries', target: 'salary' } });
    // Each costs one of the starts of the minute; a team has used two.
    const name = turn === 0 ? 'rows.csv' : `bit${turn}.json`;
    await call('import_data', {
      ...{ project, name: `copy${turn}`, format: 'csv', run_output: { run: told.run, name } },
    });
    await call('describe_data', { project, name: `copy${turn}` });
    await call('run_model', { project, path: 'tells.py', idempotency_key: KEY });
  }
  return answers;
}

/** What differs between two teams whatever their data are: ids, times, and the names that Mallory herself gave. */
function alike(value: unknown, { secret }: Team): unknown {
  return JSON.parse(
    JSON.stringify(value)
      .replaceAll(secret, 'SECRET')
      .replaceAll(/\b(?:ten|run|prj|dat|req|upl|exe)_[0-9a-z]+/g, 'ID')
      .replaceAll(/\d{4}-\d\d-\d\dT[0-9:.]+Z/g, 'TIME')
      .replaceAll(/(finished_ms\\*":)\d+/g, '$10')
      .replaceAll(/\b[0-9a-f]{40}\b/g, 'COMMIT')
      .replaceAll(/active for \d+ s/g, 'active'),
  );
}

describe('of data of which agents see the schema only', () => {
  test('Paula, signed in, opens all that a run printed and left', async () => {
    const path = `/runs/${even.paula.tenant}/${even.told.run}`;
    const page = await (await even.browser.get(path)).text();
    expect(page).toContain(`${even.secret} salary ${even.salary}`);
    expect(page).toContain(`<td>${even.secret}</td>`);
    const file = await even.browser.get(`${path}/outputs/rows.csv`);
    expect(await file.text()).toContain(`${even.secret},${even.salary}`);
    expect(file.headers.get('content-disposition')).toContain('attachment');
    expect(await (await even.browser.get(`${path}/outputs/stdout`)).text()).toContain(even.secret);
    const failed = await (await even.browser.get(`/runs/${even.paula.tenant}/${even.failed.run}`)).text();
    expect(failed).toContain(`${even.secret} earns ${even.salary}`);
  });

  test('no byte that Mallory’s agent receives, by any way and in any era, holds a value of it', () => {
    for (const { ears, secret, salary } of [even, odd]) {
      const heard = ears.flatMap((ear) => ear.heard).join('\n');
      expect(heard.length).toBeGreaterThan(20_000);
      // Mallory asked for names with the secret in them, as if she knew it; her own words come back in quotes.
      const others = heard.replaceAll(`outputs/${secret}.png`, '');
      for (const form of formsOf(secret)) expect(others).not.toContain(form);
      for (const form of formsOf(String(salary))) expect(heard).not.toContain(form);
    }
  });

  test('what it is told is the same whatever the data are, but for success, limit and time', () => {
    const all = ({ told, failed, answers }: Team) => [told, failed, ...answers];
    expect(all(even).length).toBeGreaterThan(80);
    expect(alike(all(odd), odd)).toEqual(alike(all(even), even));
  });

  test('while a run is active it is told that, and nothing that the program says', () => {
    const messages = [even, odd]
      .flatMap(({ ears }) => ears.flatMap(({ heard }) => heard))
      .flatMap((text) =>
        [...text.matchAll(/"method":"notifications\/(?:progress|message)".*/g)].map(([line]) => line),
      );
    const known =
      /"message":"(?:active for \d+ s|checking copy\d in a sandbox|recording copy\d|copy\d was refused)"|"state":"(?:queued|active|succeeded|failed)"/;
    expect(messages.filter((message) => !known.test(message))).toEqual([]);
  });

  test('it learns how a run ended, about how long it took, what kinds of files it left, and where people open it', () => {
    expect(even.told).toMatchObject({
      ...{
        state: 'succeeded',
        message: 'Succeeded.',
        error: null,
        limit: null,
        outputs: [],
        refused_outputs: [],
      },
      stdout: { text: '', bytes: 0, truncated: true },
      withheld: {
        outputs: { tables: 'several', images: 'one', others: 'several' },
        page: `${stack.publicUrl}/runs/${even.paula.tenant}/${even.told.run}`,
      },
    });
    expect(Number((even.told.timings as { finished_ms: number }).finished_ms) % 1000).toBe(0);
    expect(even.failed).toMatchObject({ state: 'failed', message: 'Failed.', error: null });
  });
});

describe('what is computed from such data', () => {
  test('is withheld as well, however often it is imported and computed with again, its columns too', async () => {
    const [ear] = odd.ears as [Ear, Ear];
    const { project, secret } = odd;
    expect(await ear.call('describe_data', { project, name: 'copy0' })).toMatchObject({
      ...{
        agent_sees: 'schema_only',
        columns: [],
        column_count: null,
        row_count: null,
        sha256: null,
        sample: [],
      },
      about: { rows: '10 to 99', columns: '1 to 9' },
    });
    const code = 'import causeway\nprint(causeway.data("copy0"))\n';
    const again = await ear.call<Answer>('run_code', { project, code, data: ['copy0'] });
    expect(again).toMatchObject({ state: 'succeeded', stdout: { text: '' } });
    expect(again.withheld).toBeDefined();
    const page = await (await odd.browser.get(`/runs/${odd.paula.tenant}/${again.run}`)).text();
    expect(page).toContain(secret);
  });

  test('and a run of the same project without such data is seen whole', async () => {
    const [ear] = odd.ears as [Ear, Ear];
    const free = await ear.call<Answer>('run_code', {
      project: odd.project,
      code: 'print("free")',
      data: [],
    });
    expect(free).toMatchObject({ state: 'succeeded', stdout: { text: 'free\n' } });
    expect(free.withheld).toBeUndefined();
  });
});

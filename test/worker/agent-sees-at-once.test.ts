import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Job } from '../../protocol/messages.ts';
import type { Output } from '../../protocol/outcome.ts';
import { dialFeed } from '../support/dial-feed.ts';
import { Ear } from '../support/ear.ts';
import { operatorOf } from '../support/fleet.ts';
import { signedIn } from '../support/oauth.ts';
import { type PlayedExecutor, playExecutor } from '../support/played-executor.ts';
import { succeeded } from '../support/played-outcome.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { uploadBlob } from '../support/upload-blob.ts';
import { settleAccount, type Visitor } from '../support/visitor.ts';

/** Paula has agents see less while Mallory's agent waits. What the sandbox says, and when, is played; all else is real. */
const stack = sharedStack();
const SECRET = `zq${crypto.randomUUID().replaceAll('-', '')}`;

interface Answer {
  readonly run: string;
  readonly state: string;
  readonly code?: string;
  readonly stdout: { readonly text: string };
  readonly [field: string]: unknown;
}

describe.each(['2025', '2026'] as const)(
  'what agents are to see no more, tightened while one of %s',
  (era) => {
    let ear: Ear;
    let paula: Visitor;
    let executor: PlayedExecutor;
    let project: string;
    let page: string;

    beforeAll(async () => {
      const account = await settleAccount(stack, { name: 'Paula' });
      const mallory = await settleAccount(stack, { name: 'Mallory', tenant: account.tenant, role: 'member' });
      paula = await signedIn(stack, account);
      ear = new Ear(stack, mallory.token, era);
      ({ project } = await new Ear(stack, account.token, era).call<{ project: string }>('create_project', {
        name: 'Pay',
      }));
      page = `/projects/${account.tenant}/${project}`;
      await ear.call('import_data', { project, name: 'pay', format: 'csv', text: 'name,salary\nAda,1\n' });
      const files = [{ path: 'model.py', content: 'import causeway\n' }];
      await ear.call('write_files', { project, message: 'Add it', files });
      const pool = await operatorOf(stack).makePool(account.tenant, 'cellar');
      executor = await playExecutor(stack, { pool, slots: 9 });
      expect(await executor.connect()).toBe('welcome');
    });
    afterAll(() => executor.stop());

    const say = async (agent_sees: 'full' | 'schema_only') => {
      const { status } = await paula.submit(page, `${page}/data/pay/agent-sees`, { agent_sees });
      expect(status).toBe(303);
    };
    const running = async () => {
      const job = await executor.takeJob();
      executor.send({ type: 'started', run: job.run, fence: job.fence });
      return job;
    };
    const end = ({ run, fence }: Job, outputs: readonly Output[] = [], text = SECRET) =>
      executor.send({
        ...{ type: 'outcome', run, fence },
        outcome: { ...succeeded(text), message: text, outputs: [...outputs] },
      });
    /** A file that a run leaves. */
    const left = async ({ capability }: Job, name: string, type: string, text: string): Promise<Output> => {
      const { sha256 } = await uploadBlob(stack, capability, Buffer.from(text));
      return { name, sha256, bytes: Buffer.byteLength(text), media_type: type };
    };
    const starting = (more: object = {}) =>
      ear.call<Answer>('run_model', { project, path: 'model.py', data: ['pay'], ...more });
    /** Resolves when the agent has heard it since. */
    const hears = (words: string | RegExp, since: number) =>
      expect.poll(() => ear.heard.slice(since).join('\n')).toMatch(words);
    const nothingTold = () => expect(ear.heard.join('\n')).not.toContain(SECRET);

    test('waits for the end of a run that it started, are neither in what it is told meanwhile nor in the answer', async () => {
      await say('full');
      const before = ear.heard.length;
      const answered = starting();
      const job = await running();
      const feed = await dialFeed(stack, job);
      feed.say({ kind: 'stdout', sequence: 1, text: 'seen by all' });
      await hears('seen by all', before);
      await say('schema_only');
      feed.say({ kind: 'stdout', sequence: 2, text: SECRET });
      feed.say({ kind: 'progress', sequence: 3, done: 1, total: 2, message: SECRET });
      await hears(/active for \d+ s/, before);
      end(job, [await left(job, `${SECRET}.csv`, 'text/csv', SECRET)]);
      expect(await answered).toMatchObject({
        ...{ run: job.run, state: 'succeeded', message: 'Succeeded.', outputs: [], stdout: { text: '' } },
        withheld: { outputs: { tables: 'one' } },
      });
      nothingTold();
    });

    test('waits for the end of a run that it started, are not in its first output either', async () => {
      await say('full');
      const before = ear.heard.length;
      const answered = starting();
      const { run, fence, ...job } = await executor.takeJob();
      await say('schema_only');
      // Until then the answer that queued it is believed.
      await delay(100);
      const event = { kind: 'stdout', sequence: 1, at_ms: 0, text: SECRET } as const;
      executor.send({ type: 'printed', run, fence, event });
      await hears(/active for \d+ s/, before);
      end({ run, fence, ...job });
      expect(await answered).toMatchObject({ run, state: 'succeeded', stdout: { text: '' }, withheld: {} });
      nothingTold();
    });

    test('waits for the end of a run of before, are not in the answer', async () => {
      await say('full');
      const { run } = await starting({ wait_seconds: 0 });
      const job = await running();
      const feed = await dialFeed(stack, job);
      const before = ear.heard.length;
      const answered = ear.call<Answer>('get_run', { run, wait_seconds: 45 });
      feed.say({ kind: 'stdout', sequence: 1, text: 'seen by all' });
      await hears('seen by all', before);
      await say('schema_only');
      end(job);
      expect(await answered).toMatchObject({ state: 'succeeded', stdout: { text: '' }, withheld: {} });
      nothingTold();
    });

    test('waits, and the run goes on, are not in what the run has said so far', async () => {
      await say('full');
      const { run } = await starting({ wait_seconds: 0 });
      const job = await running();
      const feed = await dialFeed(stack, job);
      feed.say({ kind: 'stdout', sequence: 1, text: 'seen by all' });
      await expect
        .poll(async () => (await ear.call<Answer>('get_run', { run })).stdout.text)
        .toBe('seen by all');
      const before = ear.heard.length;
      const answered = ear.call<Answer>('get_run', { run, wait_seconds: 8 });
      await hears('seen by all', before);
      await say('schema_only');
      feed.say({ kind: 'stdout', sequence: 2, text: SECRET });
      expect(await answered).toMatchObject({ state: 'running', stdout: { text: '' }, withheld: {} });
      end(job);
      nothingTold();
    });

    test('waits for rows that are read in a sandbox, are not in the answer', async () => {
      await say('full');
      const answered = ear.ask('resources/read', { uri: `data://${project}/pay?offset=0` });
      const job = await running();
      await say('schema_only');
      const rows = { columns: ['name', 'salary'], rows: [[SECRET, 1]], total: 1 };
      end(job, [await left(job, 'page.json', 'application/json', JSON.stringify(rows))], '');
      expect(JSON.stringify(await answered)).toContain('Agents see the schema of `pay` only');
      nothingTold();
    });

    test('waits for a page of a large table that a run left, are not in the answer', async () => {
      await say('full');
      const started = starting();
      const job = await running();
      end(job, [await left(job, 'left.parquet', 'application/vnd.apache.parquet', 'PAR1')], 'seen by all');
      const { run } = await started;
      const answered = ear.call<Answer>('get_run_output', { run, name: 'left.parquet' });
      const looking = await running();
      await say('schema_only');
      const rows = { columns: [SECRET], rows: [[SECRET]], total: 1 };
      end(looking, [await left(looking, 'page.json', 'application/json', JSON.stringify(rows))], '');
      expect(await answered).toMatchObject({ code: 'withheld' });
      nothingTold();
    });

    test('waits to hear what is wrong with what a run left, are not in the answer', async () => {
      await say('full');
      const started = starting();
      const job = await running();
      end(job, [await left(job, 'left.csv', 'text/csv', 'no table')], 'seen by all');
      const { run } = await started;
      const run_output = { run, name: 'left.csv' };
      const answered = ear.call<Answer>('import_data', { project, name: 'copy', format: 'csv', run_output });
      const looking = await running();
      await say('schema_only');
      const fault = { reason: 'duplicate_column', column: 2, first: 1, name: SECRET };
      const said = JSON.stringify({ ok: false, fault });
      end(looking, [await left(looking, 'description.json', 'application/json', said)], '');
      expect(await answered).toMatchObject({
        ...{ code: 'invalid_data' },
        message: expect.stringContaining('no such output, or none that can be read'),
      });
      nothingTold();
    });
  },
);

import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { asOperator } from '../../cli/database/operator.ts';
import { mintJoinToken } from '../../cli/identity/mint-join-token.ts';
import { type ExecutorId, newId } from '../../protocol/ids.ts';
import type { Job } from '../../protocol/messages.ts';
import { type Modeller, settleModeller } from '../support/model-project.ts';
import { type PlayedExecutor, playExecutor } from '../support/played-executor.ts';
import { succeeded } from '../support/played-outcome.ts';
import { queryAs } from '../support/query-as.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { uploadBlob } from '../support/upload-blob.ts';

const CODE = 'print("of Ann alone")\n';
const SECRET = createHash('sha256').update(CODE).digest('hex');

let stack: TestStack;
let stop: () => Promise<void>;
let ann: Modeller;
let mallory: Modeller;
let executor: PlayedExecutor;
let annsJob: Job;
let mallorysJob: Job;
let endRuns: () => Promise<void>;

beforeAll(async () => {
  ({ stack, stop } = await startTestStack({ slots: 0 }));
  ann = await settleModeller(stack, 'Ann', CODE);
  mallory = await settleModeller(stack, 'Mallory', 'print("of Mallory")\n');
  executor = await playExecutor(stack, { slots: 4 });
  expect(await executor.connect()).toBe('welcome');
  const running = [ann.runModel(1)];
  annsJob = await executor.takeJob();
  running.push(mallory.runModel(1));
  mallorysJob = await executor.takeJob();
  executor.hold(annsJob, mallorysJob);
  // Where the test that ends them is not played, the end of the stack ends these calls.
  for (const call of running) call.catch(() => undefined);
  endRuns = async () => {
    for (const { run, fence } of [annsJob, mallorysJob]) {
      executor.send({ type: 'outcome', run, fence, outcome: succeeded() });
    }
    executor.hold();
    // The calls may have been answered before, each by its wait.
    for (const { run } of [annsJob, mallorysJob])
      await executor.until((message) => message.type === 'recorded' && message.run === run);
    await Promise.all(running);
  };
});
afterAll(async () => {
  await executor.stop();
  await stop();
});

let addresses = 0;
/** The test plays the edge: each call comes from an address of its own, so that refusals do not add up. */
const fromNewAddress = () => ({ 'cf-connecting-ip': `198.51.100.${++addresses % 250}` });

const get = (path: string, bearer: string | null) =>
  fetch(`${stack.publicUrl}${path}`, {
    headers: { ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }), ...fromNewAddress() },
  });
const grantOf = (job: Job, sha256: string) =>
  job.blobs.find((blob) => blob.sha256 === sha256)?.capability ?? '';

/** The status with which a WebSocket upgrade is answered; 101 where it is accepted. */
async function upgrade(
  path: string,
  authorization: string | null,
): Promise<{ status: number; date: string | undefined }> {
  const socket = new WebSocket(`${stack.publicUrl.replace(/^http/, 'ws')}${path}`, {
    headers: { ...(authorization === null ? {} : { authorization }), ...fromNewAddress() },
  });
  return new Promise((resolve, reject) => {
    socket.on('open', () => {
      socket.close();
      resolve({ status: 101, date: undefined });
    });
    socket.on('unexpected-response', (request, response) => {
      resolve({ status: response.statusCode ?? 0, date: response.headers.date });
      request.destroy();
    });
    socket.on('error', (error) => {
      if (!/Unexpected|socket hang up|closed/.test(error.message)) reject(error);
    });
  });
}

describe('inputs of a job', () => {
  test('are read with the capability to read, which opens nothing else of its tenant', async () => {
    const toRead = grantOf(annsJob, SECRET);
    const answered = await get(`/executor/blobs/${SECRET}`, toRead);
    expect([answered.status, await answered.text()]).toEqual([200, CODE]);
    const other = await uploadBlob(stack, annsJob.capability, Buffer.from('no input of this run'));
    expect(other.status).toBe(204);
    expect((await get(`/executor/blobs/${other.sha256}`, toRead)).status).toBe(404);
  });

  test.each<[string, () => string | null, number]>([
    ['no capability', () => null, 401],
    ['the token of Ann herself', () => ann.token, 401],
    ['the capability to upload', () => annsJob.capability, 401],
    ["Mallory's capability to read", () => mallorysJob.blobs[0]?.capability ?? '', 404],
    ["Mallory's capability to upload", () => mallorysJob.capability, 401],
    ['a capability with one character changed', () => `${grantOf(annsJob, SECRET).slice(0, -2)}AA`, 401],
  ])('%s reads nothing', async (_what, bearer, status) => {
    const answered = await get(`/executor/blobs/${SECRET}`, bearer());
    expect(answered.status).toBe(status);
    expect(await answered.text()).not.toContain('of Ann alone');
    if (status === 401) expect(answered.headers.get('www-authenticate')).toBe('Bearer realm="causeway"');
  });
});

describe('outputs of a job', () => {
  test("are stored under the run's tenant, where no other tenant's job finds them", async () => {
    const { status, sha256 } = await uploadBlob(stack, annsJob.capability, Buffer.from('a,b\n1,2\n'));
    expect(status).toBe(204);
    const mallorys = mallorysJob.blobs[0]?.capability ?? '';
    expect((await get(`/executor/blobs/${sha256}`, mallorys)).status).toBe(404);
  });

  test('that are not what their address names are refused, and nothing stays', async () => {
    const other = createHash('sha256').update('other').digest('hex');
    const answered = await fetch(`${stack.publicUrl}/executor/blobs/${other}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${annsJob.capability}` },
      body: 'something else',
    });
    expect(answered.status).toBe(409);
    expect((await uploadBlob(stack, annsJob.capability, Buffer.from('other'))).status).toBe(204);
  });

  test('are refused with a capability to read, and under a name that is no SHA-256', async () => {
    expect((await uploadBlob(stack, grantOf(annsJob, SECRET), Buffer.from('x'))).status).toBe(401);
    const named = await fetch(`${stack.publicUrl}/executor/blobs/nothing`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${annsJob.capability}` },
      body: 'x',
    });
    expect(named.status).toBe(404);
  });

  test('that a busy Worker did not read count for nothing when they come again', async () => {
    const sum = createHash('sha256').update(randomBytes(9)).digest('hex');
    /** Says that so many bytes come, and sends none; `end` sends them. */
    const announce = (bytes: number) => {
      const headers = { authorization: `Bearer ${annsJob.capability}`, 'content-length': bytes };
      const put = request(`${stack.publicUrl}/executor/blobs/${sum}`, { method: 'PUT', headers });
      put.on('error', () => undefined).flushHeaders();
      const status = once(put, 'response').then(([answer]: IncomingMessage[]) => answer?.resume().statusCode);
      return { status, end: () => put.end(randomBytes(bytes)), destroy: () => put.destroy() };
    };
    const slow = Array.from({ length: 32 }, () => announce(257 * 1024));
    await expect
      .poll(async () => (await uploadBlob(stack, annsJob.capability, randomBytes(9))).status)
      .toBe(503);
    for (let times = 0; times < 3; times++) {
      const large = announce(60 * 1024 * 1024);
      expect(await large.status).toBe(503);
      large.destroy();
    }
    for (const { end } of slow) end();
    expect(new Set(await Promise.all(slow.map(({ status }) => status)))).toEqual(new Set([409]));
    expect((await uploadBlob(stack, annsJob.capability, randomBytes(9))).status).toBe(204);
  });

  test('are refused in sum beyond twice what a run may leave', async () => {
    const mib = 1024 * 1024;
    for (const bytes of [...Array(8).fill(16 * mib), 3 * mib]) {
      expect((await uploadBlob(stack, mallorysJob.capability, randomBytes(bytes))).status).toBe(204);
    }
    expect((await uploadBlob(stack, mallorysJob.capability, randomBytes(1.5 * mib))).status).toBe(409);
  });
});

describe('the feed of a run', () => {
  test.each<[string, () => string | null, number]>([
    ['its own capability', () => `Bearer ${annsJob.capability}`, 101],
    ['no capability', () => null, 401],
    ["another run's capability", () => `Bearer ${mallorysJob.capability}`, 404],
    ['the token of Ann', () => `Bearer ${ann.token}`, 401],
  ])('with %s', async (_what, authorization, status) => {
    expect((await upgrade(`/executor/runs/${annsJob.run}/feed`, authorization())).status).toBe(status);
  });
});

describe('when an attempt is over', () => {
  test('its capability uploads nothing more', async () => {
    await endRuns();
    expect((await uploadBlob(stack, annsJob.capability, Buffer.from('late'))).status).toBe(409);
  });
});

describe('an executor that connects', () => {
  const connect = (authorization: string | null) => upgrade('/executor/connect', authorization);

  test('with a proof that was used is refused', async () => {
    const played = await playExecutor(stack);
    const proof = played.authorization();
    expect((await connect(proof)).status).toBe(101);
    expect((await connect(proof)).status).toBe(401);
  });

  test('with a wrong clock is told the time', async () => {
    const played = await playExecutor(stack);
    const { status, date } = await connect(
      played.authorization({ seconds: Math.floor(Date.now() / 1000) - 600 }),
    );
    expect(status).toBe(401);
    expect(Math.abs(Date.parse(date ?? '') - Date.now())).toBeLessThan(10_000);
  });

  test.each<[string, (played: PlayedExecutor) => string | null]>([
    ['no proof', () => null],
    ['a bearer token', () => `Bearer ${ann.token}`],
    [
      'a proof for another deployment',
      (played) => played.authorization({ audience: 'https://other.example' }),
    ],
    ["another executor's signature", (played) => played.authorization().replace(played.id, executor.id)],
    ['the id of nobody', (played) => played.authorization().replace(played.id, newId('executor'))],
  ])('with %s is refused', async (_what, authorization) => {
    expect((await connect(authorization(await playExecutor(stack)))).status).toBe(401);
  });

  test('with another protocol is closed with the reason', async () => {
    const played = await playExecutor(stack);
    expect(await played.connect({ protocol: 99 })).toBe(4003);
  });

  test('after it was revoked is refused, and what it holds is given to others', async () => {
    const [stolen, honest] = [await playExecutor(stack), await playExecutor(stack)];
    await executor.stop();
    await stolen.connect();
    const running = ann.runModel(2);
    const { run, fence } = await stolen.takeJob();
    await asOperator(stack.ownerUrl, (operator) => operator.revokeExecutor(stolen.id as ExecutorId));
    stolen.send({ type: 'outcome', run, fence, outcome: succeeded('forged\n') });
    await honest.connect();
    const again = await honest.takeJob();
    expect([again.run, again.fence]).toEqual([run, 2]);
    honest.send({ type: 'outcome', run, fence: 2, outcome: succeeded('honest\n') });
    expect((await running).structured.stdout.text).toBe('honest\n');
    expect((await connect(stolen.authorization())).status).toBe(401);
    await honest.stop();
  });

  test('and is revoked while idle gets no further run', async () => {
    const [stolen, honest] = [await playExecutor(stack, { slots: 9 }), await playExecutor(stack)];
    await stolen.connect();
    await honest.connect();
    await asOperator(stack.ownerUrl, (operator) => operator.revokeExecutor(stolen.id as ExecutorId));
    const running = ann.runModel(3);
    const { run, fence } = await honest.takeJob();
    honest.send({ type: 'outcome', run, fence, outcome: succeeded() });
    await running;
    expect(stolen.received.filter(({ type }) => type === 'job')).toEqual([]);
    await honest.stop();
  });
});

describe('a join token', () => {
  const register = (body: unknown) =>
    fetch(`${stack.publicUrl}/executor/register`, {
      method: 'POST',
      headers: { ...fromNewAddress(), 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const newKey = () => randomBytes(32).toString('base64url');
  const key = newKey();

  test('makes one executor, once', async () => {
    const join_token = await mintJoinToken(stack.ownerUrl);
    expect((await register({ join_token, name: 'one', public_key: key })).status).toBe(201);
    expect((await register({ join_token, name: 'two', public_key: newKey() })).status).toBe(401);
  });

  test('of fifty registrations at once makes one', async () => {
    const join_token = await mintJoinToken(stack.ownerUrl);
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => register({ join_token, name: 'race', public_key: newKey() })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  });

  test('that is over an hour old makes none', async () => {
    const join_token = await mintJoinToken(stack.ownerUrl);
    const unused = 'used_at is null and created_at = (select max(created_at) from app.join_tokens)';
    const [made] = await queryAs(
      stack.superuserUrl,
      `select extract(epoch from expires_at - created_at)::int as seconds from app.join_tokens where ${unused}`,
      [],
    );
    expect(made?.seconds).toBe(3600);
    await queryAs(
      stack.superuserUrl,
      `update app.join_tokens set expires_at = clock_timestamp() where ${unused}`,
      [],
    );
    expect((await register({ join_token, name: 'late', public_key: newKey() })).status).toBe(401);
  });

  test.each<[string, unknown, number]>([
    ['is needed', { name: 'x', public_key: key }, 401],
    ['that nobody made is refused', { join_token: 'join_'.padEnd(48, 'x'), name: 'x', public_key: key }, 401],
    [
      'comes with a name that can be shown',
      { join_token: 'x'.repeat(40), name: 'a\nb', public_key: key },
      400,
    ],
    ['comes with a key', { join_token: 'x'.repeat(40), name: 'x', public_key: 'short' }, 400],
    ['comes in an object', 'join', 401],
  ])('%s', async (_what, body, status) => {
    expect((await register(body)).status).toBe(status);
  });
});

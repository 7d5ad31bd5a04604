import { once } from 'node:events';
import { copyFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { asOperator } from '../../cli/database/operator.ts';
import { mintJoinToken } from '../../cli/identity/mint-join-token.ts';
import {
  findIdentity,
  newKey,
  proofOfRefusal,
  proofToConnect,
  proofToRotate,
  publicKeyOf,
  type Stored,
} from '../../executor/identity.ts';
import { makeKeyFile } from '../../executor/key-file.ts';
import { nextFileOf, ownKey } from '../../executor/own-key.ts';
import { reportImage } from '../../executor/report-image.ts';
import { rotateKey } from '../../executor/rotate-key.ts';
import type { ExecutorId } from '../../protocol/ids.ts';
import type { RefusedImageRequest } from '../../protocol/image-refusal.ts';
import { operatorOf } from '../support/fleet.ts';
import { settlePerson } from '../support/people.ts';
import { queryAs } from '../support/query-as.ts';
import { type ReverseProxy, startReverseProxy } from '../support/reverse-proxy.ts';
import { sharedStack } from '../support/shared-stack.ts';

/** Keys of executors, as the daemon's own code makes, keeps, registers and exchanges them against a real Worker. */
const stack = sharedStack();
let dir: string;
let proxy: ReverseProxy;
let baseUrl: string;
let count = 0;

/** Each request is of an address of its own: what is refused here is refused for what it shows. */
let addresses = 0;
const fromNewAddress = () => ({ 'cf-connecting-ip': `192.0.2.${++addresses % 250}` });

beforeAll(async () => {
  proxy = await startReverseProxy();
  proxy.leadTo(stack.port);
  proxy.behave({ onRequest: (headers) => ({ ...headers, ...fromNewAddress() }) });
  baseUrl = `http://127.0.0.1:${proxy.port}`;
  dir = await mkdtemp(join(tmpdir(), 'causeway-keys-'));
});
afterAll(async () => {
  await proxy.stop();
  await rm(dir, { recursive: true, force: true });
});

const newFile = (): string => join(dir, `${++count}`, 'executor.json');
const joinWith = (file: string, token: string | null, url = baseUrl) =>
  findIdentity({ file, baseUrl: url, name: 'keys', joinToken: async () => token });

async function joined(file = newFile()): Promise<{ file: string; stored: Stored }> {
  const found = await joinWith(file, await mintJoinToken(stack.ownerUrl));
  if (!found.ok) throw new Error(found.reason);
  return { file, stored: found.stored };
}

async function serve(answer: RequestListener) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop: () => server.close() };
}

const stored = async (file: string): Promise<Stored> => JSON.parse(await readFile(file, 'utf8')) as Stored;
const now = () => Date.now() / 1000;

/** The status of a connection, and the socket where it is let on. */
function dial(authorization: string): Promise<{ status: number; socket: WebSocket | null }> {
  const socket = new WebSocket(`${stack.publicUrl.replace(/^http/, 'ws')}/executor/connect`, {
    headers: { authorization, ...fromNewAddress() },
  });
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve({ status: 101, socket }));
    socket.once('unexpected-response', (request, response) => {
      request.destroy();
      resolve({ status: response.statusCode ?? 0, socket: null });
    });
    socket.on('error', reject);
  });
}

async function connects(who: Stored): Promise<boolean> {
  const { status, socket } = await dial(proofToConnect(who, now()));
  socket?.terminate();
  return status === 101;
}

async function postRotation(authorization: string, body: object, type = 'application/json'): Promise<number> {
  const response = await fetch(`${baseUrl}/executor/rotate-key`, {
    method: 'POST',
    headers: { authorization, 'content-type': type },
    body: JSON.stringify(body),
  });
  return response.status;
}

describe('a key that was exchanged', () => {
  test('is the only one: the old one is dead at once, the socket that it opened too', async () => {
    const { file, stored: old } = await joined();
    const { socket } = await dial(proofToConnect(old, now()));
    const closed = new Promise((resolve) => socket?.once('close', resolve));
    socket?.send(JSON.stringify({ type: 'heartbeat', holding: [] }));
    expect(await rotateKey(file, baseUrl)).toMatchObject({ ok: true, executor: old.executor });
    expect(await closed).toBe(4006);
    const fresh = await stored(file);
    expect(publicKeyOf(fresh)).not.toBe(publicKeyOf(old));
    expect([await connects(old), await connects(fresh)]).toEqual([false, true]);
    expect(await readdir(join(file, '..'))).toEqual(['executor.json']);
    const [event] = await queryAs(
      stack.superuserUrl,
      `select details from app.platform_events where action = 'executor.rotate_key' and target_id = $1`,
      [old.executor],
    );
    expect(event?.details).toEqual({ public_key: publicKeyOf(fresh) });
  });

  test('leaves exactly one good key where the host died before the server heard', async () => {
    const { file, stored: old } = await joined();
    await makeKeyFile(nextFileOf(file), { ...old, ...newKey() });
    const next = await stored(nextFileOf(file));
    expect([await connects(old), await connects(next)]).toEqual([true, false]);
    expect(await rotateKey(file, baseUrl)).toMatchObject({ ok: true });
    expect(await stored(file)).toEqual(next);
    expect([await connects(old), await connects(next)]).toEqual([false, true]);
  });

  /** As the disk is where the host died between the server's yes and the end of the old file. */
  async function diedBeforeItHeard() {
    const { file, stored: old } = await joined();
    await copyFile(file, `${file}.old`);
    await rotateKey(file, baseUrl);
    await copyFile(file, nextFileOf(file));
    await copyFile(`${file}.old`, file);
    return { file, old, fresh: await stored(nextFileOf(file)) };
  }

  test('leaves exactly one good key where it died after, and the daemon finds it', async () => {
    const { file, old, fresh } = await diedBeforeItHeard();
    const key = ownKey(file, old);
    expect((await dial(key.authorization(now()))).status).toBe(401);
    key.refused();
    const { status, socket } = await dial(key.authorization(now()));
    expect(status).toBe(101);
    key.accepted();
    socket?.terminate();
    expect(await stored(file)).toEqual(fresh);
    await expect(readFile(nextFileOf(file))).rejects.toThrow('ENOENT');
  });

  test('or the next exchange ends what was begun', async () => {
    const { file, fresh } = await diedBeforeItHeard();
    expect(await rotateKey(file, baseUrl)).toMatchObject({ ok: true });
    expect(await stored(file)).toEqual(fresh);
    expect(await connects(fresh)).toBe(true);
  });

  test('is one where two exchanges run at once', async () => {
    const { file } = await joined();
    await Promise.all([rotateKey(file, baseUrl), rotateKey(file, baseUrl)]);
    expect(await connects(await stored(file))).toBe(true);
  });
});

describe('Mallory changes no key', () => {
  test('with the old one, with her own, with a proof that was made for another key or another purpose', async () => {
    const { file, stored: old } = await joined();
    await rotateKey(file, baseUrl);
    const present = await stored(file);
    const mallory = { ...present, ...newKey() };
    const own = proofToRotate(present, mallory, now());
    const refused: [string, object][] = [
      [proofToRotate(old, mallory, now()).authorization, proofToRotate(old, mallory, now()).body],
      [proofToRotate(mallory, mallory, now()).authorization, proofToRotate(mallory, mallory, now()).body],
      [proofToConnect(present, now()), own.body],
      [own.authorization, { ...own.body, public_key: publicKeyOf(old) }],
      [own.authorization, { ...own.body, proof: proofToRotate(present, old, now()).body.proof }],
      [proofToRotate(present, mallory, now() - 120).authorization, own.body],
      ['Causeway-Executor nothing', own.body],
    ];
    for (const [authorization, body] of refused) expect(await postRotation(authorization, body)).toBe(401);
    expect(await postRotation(own.authorization, { public_key: 'short', proof: own.body.proof })).toBe(400);
    expect(await postRotation(own.authorization, own.body, 'text/plain')).toBe(415);
    expect(await connects(present)).toBe(true);
    expect(await connects(mallory)).toBe(false);
  });

  test('of two changes by one key at the same moment one holds', async () => {
    const { stored: present } = await joined();
    const rivals = [1, 2].map(() => ({ ...present, ...newKey() }));
    const statuses = await Promise.all(
      rivals.map((rival) => {
        const { authorization, body } = proofToRotate(present, rival, now());
        return postRotation(authorization, body);
      }),
    );
    expect(statuses.sort()).toEqual([200, 401]);
  });

  test('once the executor is revoked', async () => {
    const { file, stored: present } = await joined();
    await asOperator(stack.ownerUrl, (operator) => operator.revokeExecutor(present.executor as ExecutorId));
    expect(await rotateKey(file, baseUrl)).toMatchObject({
      ok: false,
      reason: expect.stringContaining('It was revoked'),
    });
    expect(await connects(present)).toBe(false);
  });
});

describe('a join that was cut off', () => {
  test('before it heard the answer is answered the same, for its own key and for no other', async () => {
    const token = await mintJoinToken(stack.ownerUrl);
    const file = newFile();
    const first = await joinWith(file, token);
    if (!first.ok) throw new Error(first.reason);
    const { private_key, made_at } = first.stored;
    await rm(file);
    await makeKeyFile(`${file}.joining`, { private_key, made_at });
    expect(await joinWith(file, token)).toEqual(first);
    expect(await joinWith(newFile(), token)).toMatchObject({
      ok: false,
      reason: expect.stringContaining('status 401'),
    });
    await asOperator(stack.ownerUrl, (operator) =>
      operator.revokeExecutor(first.stored.executor as ExecutorId),
    );
    await rm(file);
    await makeKeyFile(`${file}.joining`, { private_key, made_at });
    expect(await joinWith(file, token)).toMatchObject({ ok: false });
  });

  test('by an expired token is refused, also where that token was spent on this key', async () => {
    const token = await mintJoinToken(stack.ownerUrl);
    const file = newFile();
    const first = await joinWith(file, token);
    if (!first.ok) throw new Error(first.reason);
    await queryAs(
      stack.superuserUrl,
      'update app.join_tokens set expires_at = clock_timestamp() where used_by = $1',
      [first.stored.executor],
    );
    await rm(file);
    await makeKeyFile(`${file}.joining`, { private_key: first.stored.private_key });
    expect(await joinWith(file, token)).toMatchObject({ ok: false });
  });

  test('carries its token to no address that the server redirects to', async () => {
    const asked: string[] = [];
    const mallory = await serve((request, response) => {
      asked.push(request.url ?? '');
      response.end('{}');
    });
    const server = await serve((_request, response) => {
      response.writeHead(307, { location: `${mallory.url}/executor/register` }).end();
    });
    const refused = await joinWith(newFile(), 'join_token', server.url);
    expect(refused).toMatchObject({ ok: false, reason: expect.stringContaining('redirects to') });
    expect(asked).toEqual([]);
    mallory.stop();
    server.stop();
  });
});

describe('a host that refuses its sandbox image', () => {
  const IMAGE = `sha256:${'1'.repeat(64)}`;
  const refusal = { code: 'signature_invalid', image: IMAGE } as const;
  const said: string[] = [];
  const tell = (file: string, given: RefusedImageRequest = refusal) =>
    reportImage(file, baseUrl, given, (_level, _message, fields) => void said.push(String(fields?.reason)));
  const eventsOf = (executor: string) =>
    queryAs(
      stack.superuserUrl,
      `select details from app.platform_events where action = 'executor.refuse_image' and target_id = $1 order by event_id`,
      [executor],
    );

  test('is in the record of the platform, once an hour for one reason', async () => {
    const { file, stored: own } = await joined();
    await tell(file);
    await tell(file);
    await tell(file, { ...refusal, code: 'image_unsigned' });
    expect(await eventsOf(own.executor)).toEqual([
      { details: refusal },
      { details: { ...refusal, code: 'image_unsigned' } },
    ]);
    expect(said).toEqual([]);
  });

  test('of a tenant is in the log of that tenant too', async () => {
    const ann = await settlePerson(stack, { name: 'Ann' });
    const pool = await operatorOf(stack).makePool(ann.tenant, 'cellar');
    const file = newFile();
    const found = await joinWith(file, await mintJoinToken(stack.ownerUrl, pool));
    if (!found.ok) throw new Error(found.reason);
    await tell(file);
    const logged = await queryAs(
      stack.superuserUrl,
      `select tenant_id, outcome, details from app.audit_events where action = 'executor.refuse_image' and target_id = $1`,
      [found.stored.executor],
    );
    expect(logged).toEqual([{ tenant_id: ann.tenant, outcome: 'refused', details: refusal }]);
  });

  test('is believed by the word of its own key alone: neither Mallory’s, nor for another reason, nor once revoked', async () => {
    const { file, stored: own } = await joined();
    const mallory = { ...own, ...newKey() };
    const post = (authorization: string, body: object = refusal) =>
      fetch(`${baseUrl}/executor/refused-image`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }).then(({ status }) => status);
    expect(await post(proofOfRefusal(mallory, refusal, now()))).toBe(401);
    expect(await post(proofOfRefusal(own, refusal, now()), { ...refusal, code: 'image_changed' })).toBe(401);
    expect(await post(proofToConnect(own, now()))).toBe(401);
    expect(await post(proofOfRefusal(own, refusal, now() - 600))).toBe(401);
    expect(await post(proofOfRefusal(own, refusal, now()), { code: 'made_up', image: IMAGE })).toBe(400);
    await asOperator(stack.ownerUrl, (operator) => operator.revokeExecutor(own.executor as ExecutorId));
    await tell(file);
    expect(said).toEqual(['status 401']);
    expect(await eventsOf(own.executor)).toEqual([]);
  });

  test('that has not joined, or hears nobody, goes on to say it in its own log', async () => {
    said.length = 0;
    await tell(newFile());
    expect(said).toEqual([]);
    const { file } = await joined();
    await reportImage(
      file,
      'http://127.0.0.1:1',
      refusal,
      (_level, _message, fields) => void said.push(String(fields?.reason)),
    );
    expect(said).toEqual([expect.stringContaining('cannot be reached')]);
  });
});

import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { beforeAll, describe, expect, test } from 'vitest';
import { asOperator } from '../../cli/database/operator.ts';
import { newId } from '../../protocol/ids.ts';
import { limit } from '../../protocol/limits.ts';
import { sealUploadLink } from '../../worker/data/upload-link.ts';
import { importSealKey } from '../../worker/seal/seal.ts';
import { callTool } from '../support/mcp-call.ts';
import { type Person, settlePerson } from '../support/people.ts';
import { queryAs } from '../support/query-as.ts';
import { sharedStack } from '../support/shared-stack.ts';

const stack = sharedStack();
const PROJECT = 'Uploads';
const MIB = 2 ** 20;

let ann: Person;
let mallory: Person;
beforeAll(async () => {
  ann = await settlePerson(stack, { name: 'Ann' });
  mallory = await settlePerson(stack, { name: 'Mallory' });
  for (const { token } of [ann, mallory]) await callTool(stack, token, 'create_project', { name: PROJECT });
});

interface Created {
  readonly upload: string;
  readonly url: string;
  readonly curl: string;
}

async function created(bytes: number, more: Record<string, unknown> = {}, who = ann): Promise<Created> {
  const input = { project: PROJECT, name: 'file', format: 'csv', bytes, ...more };
  const { structured, error } = await callTool<Created & Record<string, unknown>>(
    stack,
    who.token,
    'create_upload',
    input,
  );
  expect(error).toBeNull();
  return structured;
}

const put = (url: string, body: string | Uint8Array<ArrayBuffer>) => fetch(url, { method: 'PUT', body });
const reasonOf = async (response: Response) =>
  ((await response.json()) as { error: { code: string; message: string; details?: { reason?: string } } })
    .error;
const sha256Of = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex');
const uploadOf = (id: string) =>
  queryAs(stack.superuserUrl, 'select received_sha256, received_at from app.uploads where upload_id = $1', [
    id,
  ]);

describe('an upload', () => {
  test('answers with its digest and the next call', async () => {
    const body = 'a,b\n1,2\n';
    const { upload, url, curl } = await created(body.length, { sha256: sha256Of(body) });
    expect(curl).toBe(`curl --fail-with-body -T 'file.csv' '${url}'`);
    const response = await put(url, body);
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({
      upload,
      bytes: body.length,
      sha256: sha256Of(body),
      next: { tool: 'import_data', arguments: { name: 'file', format: 'csv', upload } },
    });
  });

  test('is taken once', async () => {
    const { upload, url } = await created(3);
    expect((await put(url, 'a\n1')).status).toBe(201);
    const second = await put(url, 'a\n2');
    expect(second.status).toBe(409);
    expect((await reasonOf(second)).code).toBe('upload_refused');
    expect(await uploadOf(upload)).toMatchObject([{ received_sha256: sha256Of('a\n1') }]);
  });

  test('sent twice at the same time is taken once', async () => {
    const { url } = await created(MIB);
    const bodies = [1, 2, 3, 4].map((fill) => new Uint8Array(MIB).fill(fill));
    const statuses = (await Promise.all(bodies.map((body) => put(url, body)))).map(({ status }) => status);
    expect(statuses.sort()).toEqual([201, 409, 409, 409]);
  });

  test('that breaks off can be sent again until it was whole once', async () => {
    const { upload, url } = await created(MIB);
    await brokenPut(url, MIB, randomBytes(1000));
    expect(await uploadOf(upload)).toMatchObject([{ received_at: null }]);
    expect((await put(url, new Uint8Array(MIB))).status).toBe(201);
  });

  test.each([
    ['longer', 'a\n12'],
    ['shorter', 'a'],
  ])(
    '%s than announced is refused, by its header and by its bytes, and can be sent again',
    async (_how, body) => {
      const { upload, url } = await created(3);
      const announced = await put(url, body);
      expect(announced.status).toBe(409);
      expect(await reasonOf(announced)).toMatchObject({
        code: 'upload_refused',
        details: { reason: 'wrong_length' },
      });
      const chunked = await fetch(url, {
        method: 'PUT',
        body: streamOf(body),
        duplex: 'half',
      } as RequestInit);
      expect(chunked.status).toBe(409);
      expect(await reasonOf(chunked)).toMatchObject({ details: { reason: 'wrong_length' } });
      expect(await uploadOf(upload)).toMatchObject([{ received_at: null }]);
      expect((await put(url, 'a\n1')).status).toBe(201);
    },
  );

  test('with another SHA-256 than announced is refused, and stays nowhere', async () => {
    const { upload, url } = await created(3, { sha256: sha256Of('a\n1') });
    const response = await put(url, 'a\n2');
    expect(await reasonOf(response)).toMatchObject({
      code: 'upload_refused',
      details: { reason: 'wrong_sha256' },
    });
    expect(await uploadOf(upload)).toMatchObject([{ received_at: null }]);
    expect((await put(url, 'a\n1')).status).toBe(201);
  });

  test('without a body is refused', async () => {
    const { url } = await created(3);
    const response = await fetch(url, { method: 'PUT' });
    expect(response.status).toBe(409);
  });

  test.each([
    ['nothing', 0],
    ['more than 100 MiB', limit('upload_bytes') + 1],
    ['half a byte', 1.5],
  ])('of %s is not created', async (_what, bytes) => {
    const input = { project: PROJECT, name: 'file', format: 'csv', bytes };
    const { error } = await callTool(stack, ann.token, 'create_upload', input);
    expect(error?.code).toBe('invalid_arguments');
  });
});

describe("an upload's address", () => {
  test('is worth nothing when a character of it is changed', async () => {
    const { url } = await created(3);
    for (const position of [url.length - 2, url.lastIndexOf('/') + 20]) {
      const changed = `${url.slice(0, position)}${url[position] === 'A' ? 'B' : 'A'}${url.slice(position + 1)}`;
      const response = await put(changed, 'a\n1');
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toContain('Bearer');
    }
    expect((await put(url, 'a\n1')).status).toBe(201);
  });

  test('has expired after its time', async () => {
    const { upload } = await created(3);
    const response = await put(await linkFor(ann, upload, -1000), 'a\n1');
    expect(response.status).toBe(409);
    expect((await reasonOf(response)).message).toBe('This upload address has expired.');
    expect(await uploadOf(upload)).toMatchObject([{ received_at: null }]);
  });

  test("of Mallory's own making, even sealed with the right key, does not reach Ann's upload", async () => {
    const { upload } = await created(3);
    const response = await put(await linkFor(mallory, upload, 60_000), 'a\n1');
    expect(response.status).toBe(409);
    expect(await uploadOf(upload)).toMatchObject([{ received_at: null }]);
  });

  test('dies with the token that made it', async () => {
    const guest = await settlePerson(stack, { name: 'Guest', tenant: ann.tenant, role: 'member' });
    const { upload, url } = await created(3, {}, guest);
    await asOperator(stack.ownerUrl, (operator) => operator.revokeToken(guest.tokenId));
    const response = await put(url, 'a\n1');
    expect(response.status).toBe(401);
    expect(await uploadOf(upload)).toMatchObject([{ received_at: null }]);
  });

  test('takes PUT and nothing else', async () => {
    const { url } = await created(3);
    for (const method of ['GET', 'POST', 'DELETE']) {
      expect((await fetch(url, { method })).status, method).toBe(401);
    }
  });
});

test('create_upload refuses a 21st upload that waits, with the limit', async () => {
  const busy = await settlePerson(stack, { name: 'Busy' });
  await callTool(stack, busy.token, 'create_project', { name: PROJECT });
  await Promise.all(Array.from({ length: limit('open_uploads') }, () => created(3, {}, busy)));
  const input = { project: PROJECT, name: 'file', format: 'csv', bytes: 3 };
  const { error } = await callTool(stack, busy.token, 'create_upload', input);
  expect(error).toMatchObject({ code: 'limit_exceeded', details: { limit: 'open_uploads', value: 20 } });
});

async function linkFor(who: Person, upload: string, lifetimeMs: number): Promise<string> {
  const principal = {
    tenantId: who.tenant,
    userId: who.user,
    credential: { kind: 'api_token' as const, id: who.tokenId },
    needs: { scopes: [], role: null },
    requestId: newId('request'),
    address: null,
    userAgent: null,
  };
  const key = await importSealKey(stack.secrets.sealKey);
  return `${stack.publicUrl}/uploads/${await sealUploadLink(key, principal, upload, lifetimeMs)}`;
}

/** Sends the headers of a PUT and a part of its body, then cuts the connection. */
function brokenPut(url: string, bytes: number, part: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const sending = request(url, { method: 'PUT', headers: { 'content-length': bytes } });
    sending.on('error', () => {});
    sending.on('close', resolve);
    sending.write(part, () => sending.destroy());
  });
}

function streamOf(text: string): ReadableStream<Uint8Array> {
  return new Blob([text]).stream();
}

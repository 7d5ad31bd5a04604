import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { s3Blobs } from '../../cli/blobs/s3-blobs.ts';
import { callTool } from '../support/mcp-call.ts';
import { type Moto, type MotoKey, REGION, startMoto } from '../support/moto/start-moto.ts';
import { queryAs } from '../support/query-as.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

const PROJECT = 'In a bucket';
let moto: Moto;
let stack: TestStack;
let stop: () => Promise<void>;
let bucket: ReturnType<typeof s3Blobs>;
let key: MotoKey;

beforeAll(async () => {
  moto = await startMoto();
  const url = await moto.makeBucket('blobs');
  key = await moto.onlyFor(['s3:PutObject', 's3:GetObject', 's3:DeleteObject', 's3:ListBucket']);
  const { id, secret } = key;
  bucket = s3Blobs({ url, accessKeyId: id, secretAccessKey: secret, region: REGION });
  ({ stack, stop } = await startTestStack({
    slots: 0,
    settings: {
      BLOB_STORE_URL: url,
      BLOB_STORE_ACCESS_KEY_ID: id,
      BLOB_STORE_SECRET_ACCESS_KEY: secret,
      BLOB_STORE_REGION: REGION,
    },
  }));
  await callTool(stack, stack.apiToken, 'create_project', { name: PROJECT });
}, 600_000);
afterAll(async () => {
  await stop?.();
  await moto?.stop();
});

const inBucket = async (path: string) => {
  const found = await bucket.read(path);
  return found === null ? null : buffer(found.body);
};

describe('a Worker whose object store is S3', () => {
  test('keeps a file that an agent writes, sealed, and reads it back', async () => {
    const content = 'print("in a bucket")\n';
    const { error } = await callTool(stack, stack.apiToken, 'write_files', {
      project: PROJECT,
      message: 'Write',
      files: [{ path: 'model.py', content }],
    });
    expect(error).toBeNull();
    const [row] = await queryAs(
      stack.superuserUrl,
      "select files -> 'model.py' ->> 'sha256' as sha256 from app.trees where files ? 'model.py'",
      [],
    );
    const lies = await inBucket(`${stack.secrets.developmentTenant}/${row?.sha256}`);
    expect(lies?.subarray(0, 4).toString()).toBe('CWB1');
    expect(lies?.includes('bucket')).toBe(false);
    const read = await callTool<{ content: string }>(stack, stack.apiToken, 'read_file', {
      project: PROJECT,
      path: 'model.py',
    });
    expect(read.structured.content).toContain('in a bucket');
  });

  test('takes an upload of megabytes as a stream, and leaves nothing waiting', async () => {
    const body = randomBytes(3 * 2 ** 20);
    const { structured } = await callTool<{ url: string }>(stack, stack.apiToken, 'create_upload', {
      ...{ project: PROJECT, name: 'large', format: 'csv', bytes: body.length },
    });
    const answer = await fetch(structured.url, { method: 'PUT', body });
    expect(answer.status).toBe(201);
    const { sha256 } = (await answer.json()) as { sha256: string };
    const lies = await inBucket(`${stack.secrets.developmentTenant}/${sha256}`);
    expect(lies?.length).toBeGreaterThan(body.length);
    const countBelow = async (prefix: string) => {
      const listing = await moto.send('s3', `/blobs/?list-type=2&prefix=${prefix}%2F`, {}, key);
      return Number(/<KeyCount>(\d+)<\/KeyCount>/.exec(listing)?.[1]);
    };
    expect(await countBelow(stack.secrets.developmentTenant)).toBeGreaterThan(0);
    expect(await countBelow('incoming')).toBe(0);
  });
});

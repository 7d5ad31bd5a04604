import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LoneWorker, startLoneWorker } from '../support/lone-worker.ts';

/** A deployment with much that is wrong. Nothing listens where its database is: it is not asked, and nothing is opened. */
const SETTINGS = {
  PUBLIC_URL: 'https://causeway.example.com',
  DATABASE_URL: 'postgres://postgres:hunter2@127.0.0.1:1/causeway',
  DATABASE_HTTP_URL: 'http://127.0.0.1:1/sql',
  CONTEXT_KEY: 'k'.repeat(43),
  SEAL_KEY: 'not a key',
  KEY_PASSPHRASE: 'open sesame',
  BLOB_STORE_URL: 'http://10.0.0.7/blobs',
  LOOPBACK_ORIGINS: 'http://127.0.0.1:9000',
};

let worker: LoneWorker;
beforeAll(async () => {
  worker = await startLoneWorker(SETTINGS);
});
afterAll(() => worker?.stop());

const FINDINGS = [
  /^CONTEXT_KEY is an example.*: draw another/,
  /^SEAL_KEY is not 32 bytes.*: draw another/,
  /^KEY_PASSPHRASE is shorter than 20.*: draw another/,
  /^The password in DATABASE_URL is shorter.*: give/,
  /^DATABASE_URL logs in as another role.*: log in as causeway_app/,
  /^BLOB_STORE_URL is plain http.*: give/,
  /^LOOPBACK_ORIGINS.*PUBLIC_URL is not http on loopback: remove/,
];

test.each([
  '/',
  '/healthz',
  '/mcp',
  '/login',
  '/api/v1/me',
  '/nothing',
  '/oauth/authorize?client_id=http://127.0.0.1:9000/c.json',
])(
  'a deployment with weak secrets and switches of development serves nothing, and says all that is wrong, at %s',
  async (path) => {
    const response = await fetch(`${worker.url}${path}`, { redirect: 'manual' });
    expect(response.status).toBe(503);
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    const text = await response.text();
    const { error } = JSON.parse(text) as { error: { details: { findings: readonly string[] } } };
    expect(error.details.findings).toEqual(FINDINGS.map((finding) => expect.stringMatching(finding)));
    expect(text).not.toMatch(/hunter2|kkkk|not a key|sesame/);
  },
);

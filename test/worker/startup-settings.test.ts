import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LoneWorker, startLoneWorker } from '../support/lone-worker.ts';

const KEY = 'k'.repeat(43);
/** A deployment that was given what `./causeway up` gives. Nothing listens where its database is: it is not asked. */
const SETTINGS = {
  PUBLIC_URL: 'https://causeway.example.com',
  DATABASE_URL: 'postgres://causeway_app:x@127.0.0.1:1/causeway',
  DATABASE_HTTP_URL: 'http://127.0.0.1:1/sql',
  CONTEXT_KEY: KEY,
  SEAL_KEY: KEY,
  KEY_PASSPHRASE: KEY,
  LOOPBACK_ORIGINS: 'http://127.0.0.1:9000',
};

let worker: LoneWorker;
beforeAll(async () => {
  worker = await startLoneWorker(SETTINGS);
});
afterAll(() => worker?.stop());

test.each(['/', '/healthz', '/mcp', '/login', '/oauth/authorize?client_id=http://127.0.0.1:9000/c.json'])(
  'a deployment that names origins of this machine serves nothing, and says why, at %s',
  async (path) => {
    const response = await fetch(`${worker.url}${path}`, { redirect: 'manual' });
    expect(response.status).toBe(503);
    const { error } = (await response.json()) as { error: { details: { findings: readonly string[] } } };
    expect(error.details.findings).toEqual([
      expect.stringMatching(/LOOPBACK_ORIGINS.*PUBLIC_URL is not http on loopback: remove/),
    ]);
  },
);

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Agent } from '../../examples/demo/agent.ts';
import type { DemoClient } from '../../examples/demo/clients/demo-client.ts';
import { MAIN_JOB } from '../../examples/demo/run-demo.ts';
import { runSteps } from '../../examples/demo/run-steps.ts';
import { createScreen } from '../../examples/demo/screen.ts';
import { serveDocuments } from '../support/document-host.ts';
import { MemoryProvider } from '../support/memory-provider.ts';
import { signedIn } from '../support/oauth.ts';
import { type Dial, dialSdk1, dialSdk2, signInByOAuth, steppingUp } from '../support/sdk-clients.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { settleAccount, type Visitor } from '../support/visitor.ts';

const stack = sharedStack();
const JOB_TIMEOUT_MS = 180_000;
const SDK2: Dial = dialSdk2({ pin: '2026-07-28' });

let browser: Visitor;
let outputsFolder: string;
let projects = 0;
beforeAll(async () => {
  browser = await signedIn(stack, await settleAccount(stack, { name: 'Ann' }));
  outputsFolder = mkdtempSync(join(tmpdir(), 'causeway-real-clients-'));
});
afterAll(() => rmSync(outputsFolder, { recursive: true, force: true }));

/** Does the demo's main job over a client, and expects each step of it to have done what it should. */
async function doMainJob(client: DemoClient): Promise<void> {
  onTestFinished(() => client.close());
  const agent = new Agent(client);
  const reports = await runSteps(MAIN_JOB, {
    agent,
    screen: createScreen(new Writable({ write: (_chunk, _encoding, done) => done() }) as NodeJS.WriteStream),
    project: `Of client ${++projects}`,
    outputsFolder,
    startedAt: new Date(),
    auditEvents: null,
    learned: {},
  });
  expect(reports.filter(({ ok }) => !ok)).toEqual([]);
  expect(reports.map(({ name }) => name)).toEqual(MAIN_JOB.map(({ name }) => name));
  expect(agent.runs.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
}

describe('a real client that is given the address alone does the main job', () => {
  test.each([
    ['of SDK 2, in 2026-07-28', SDK2, '2026-07-28'],
    ['of SDK 2, as it is by default', dialSdk2('legacy'), '2025-11-25'],
    ['of SDK 1', dialSdk1, '2025-11-25'],
  ])(
    '%s, after it registered and its person agreed',
    { timeout: JOB_TIMEOUT_MS },
    async (_name, dial, revision) => {
      const provider = new MemoryProvider();
      const client = await signInByOAuth(() => dial(stack.mcpUrl, provider), provider, browser);
      expect(provider.known.client?.client_id).toMatch(/^cli_/);
      expect(client.revision).toBe(revision);
      await doMainJob(client);
    },
  );

  test.each([
    ['of SDK 2, in 2026-07-28', SDK2],
    ['of SDK 2, as it is by default', dialSdk2('legacy')],
  ])(
    '%s, asking for more each time that a step needs more',
    { timeout: JOB_TIMEOUT_MS },
    async (_name, dial) => {
      const provider = new MemoryProvider();
      const dialling = () => dial(stack.mcpUrl, provider);
      const asked: string[] = [];
      const little = await signInByOAuth(dialling, provider, browser, (url) =>
        url.searchParams.set('scope', 'projects:read'),
      );
      await doMainJob(await steppingUp(little, { dial: dialling, provider, browser, asked }));
      expect(asked.length).toBeGreaterThan(1);
      // Each time what was agreed to before, and what the step needs; not all at once.
      expect(asked[0]?.split(' ').sort()).toEqual(['projects:read', 'projects:write']);
      expect(asked.at(-1)?.split(' ')).toEqual(expect.arrayContaining(asked[0]?.split(' ') ?? []));
    },
  );

  describe('and is known by its metadata document', () => {
    let origin = '';
    let stop: () => Promise<void>;
    beforeAll(async () => {
      ({ origin, stop } = await serveDocuments((_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const metadata = new MemoryProvider().clientMetadata;
        response.end(JSON.stringify({ client_id: `${origin}/client.json`, ...metadata }));
      }));
    });
    afterAll(() => stop());

    test.each([
      ['of SDK 2, in 2026-07-28', SDK2],
      ['of SDK 2, as it is by default', dialSdk2('legacy')],
    ])('%s', { timeout: JOB_TIMEOUT_MS }, async (_name, dial) => {
      const id = `${origin}/client.json`;
      const provider = new MemoryProvider({ client_id: id });
      const client = await signInByOAuth(() => dial(stack.mcpUrl, provider), provider, browser);
      expect(provider.known.client?.client_id).toBe(id);
      await doMainJob(client);
    });
  });
});

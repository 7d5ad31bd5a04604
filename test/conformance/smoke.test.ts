import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBearerProxy } from '../support/bearer-proxy.ts';
import { CONFORMANCE } from '../support/conformance-suite.ts';
import { sharedStack } from '../support/shared-stack.ts';

const run = promisify(execFile);
/** Scenarios that need no fixtures in the server; the others come with resources, prompts and elicitation. */
const SCENARIOS: readonly (readonly [scenario: string, revision: string])[] = [
  ['server-initialize', '2025-06-18'],
  ['server-initialize', '2025-11-25'],
  ['ping', '2025-11-25'],
  ['tools-list', '2025-11-25'],
  ['tools-list', '2026-07-28'],
  ['http-header-validation', '2026-07-28'],
  ['dns-rebinding-protection', '2025-11-25'],
  ['dns-rebinding-protection', '2026-07-28'],
];

describe("the protocol's own conformance package, through real authentication, finds no fault in", () => {
  const { mcpUrl, apiToken } = sharedStack();
  let proxy: Awaited<ReturnType<typeof startBearerProxy>>;
  beforeAll(async () => {
    proxy = await startBearerProxy(mcpUrl, apiToken);
  });
  afterAll(() => proxy.stop());

  test.each(SCENARIOS)('%s at %s', async (scenario, revision) => {
    const options = ['server', '--url', proxy.url, '--scenario', scenario, '--spec-version', revision];
    const { stdout } = await run(process.execPath, [CONFORMANCE, ...options]);
    const [, passed, total] = /Passed: (\d+)\/(\d+), 0 failed, 0 warnings/.exec(stdout) ?? [];
    expect(Number(passed), stdout).toBeGreaterThan(0);
    expect(passed).toBe(total);
  });
});

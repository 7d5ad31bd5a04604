import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBearerProxy } from '../support/bearer-proxy.ts';
import { runScenario } from '../support/conformance-suite.ts';
import { sharedStack } from '../support/shared-stack.ts';

/** Scenarios that call no fixture, scored or not: what is deployed meets them as it is. */
const SCENARIOS: readonly (readonly [scenario: string, revision: string])[] = [
  ['server-initialize', '2025-06-18'],
  ['server-initialize', '2025-11-25'],
  ['server-session-lifecycle', '2025-11-25'],
  ['server-sse-multiple-streams', '2025-11-25'],
  ['logging-set-level', '2025-11-25'],
  ['ping', '2025-11-25'],
  ['tools-list', '2025-11-25'],
  ['tools-list', '2026-07-28'],
  ['prompts-list', '2026-07-28'],
  ['resources-list', '2026-07-28'],
  ['sep-2164-resource-not-found', '2026-07-28'],
  ['caching', '2026-07-28'],
  ['http-header-validation', '2026-07-28'],
  ['dns-rebinding-protection', '2025-11-25'],
  ['dns-rebinding-protection', '2026-07-28'],
];

/** Of the skills extension (SEP-2640), which no revision requires. */
const EXTENSION_SCENARIOS = ['sep-2640-skills-enumeration', 'sep-2640-skills-manifest'].map(
  (scenario) => [scenario, null] as const,
);

describe('the conformance suite finds no fault in what is deployed: ', () => {
  const { mcpUrl, apiToken } = sharedStack();
  let proxy: Awaited<ReturnType<typeof startBearerProxy>>;
  beforeAll(async () => {
    proxy = await startBearerProxy(mcpUrl, apiToken);
  });
  afterAll(() => proxy.stop());

  test.each([...SCENARIOS, ...EXTENSION_SCENARIOS])('%s at %s', async (scenario, revision) => {
    const { checksOf, output } = await runScenario(proxy.url, scenario, revision);
    const checks = checksOf(scenario);
    expect(
      checks.filter(({ status }) => status !== 'SUCCESS' && status !== 'INFO'),
      output,
    ).toEqual([]);
    expect(checks.filter(({ status }) => status === 'SUCCESS')).not.toEqual([]);
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBearerProxy } from '../support/bearer-proxy.ts';
import {
  type Check,
  requiredScenarios,
  runRequirements,
  runScenario,
  type SuiteResult,
} from '../support/conformance-suite.ts';
import { startTestStack } from '../support/stack.ts';

/** The revision, and how many scenarios it scores: a list that shrinks would prove less. */
const REVISIONS = [
  ['2026-07-28', 37],
  ['2025-11-25', 30],
] as const;
const SUITE_TIMEOUT_MS = 180_000;
/** Gives answers half a second and notifications one and a half: on a machine under load it is run once more, alone. */
const BY_THE_CLOCK: readonly string[] = ['server-stateless'];

let proxy: Awaited<ReturnType<typeof startBearerProxy>>;
let stop: () => Promise<void>;
beforeAll(async () => {
  const started = await startTestStack({ entry: 'conformance', slots: 0 });
  stop = started.stop;
  proxy = await startBearerProxy(started.stack.mcpUrl, started.stack.apiToken);
});
afterAll(async () => {
  await proxy.stop();
  await stop();
});

describe.each(REVISIONS)('the conformance suite of %s, through real authentication', (revision, scored) => {
  const scenarios = requiredScenarios(revision);
  let result: SuiteResult;
  beforeAll(async () => {
    result = await runRequirements(proxy.url, revision);
  }, SUITE_TIMEOUT_MS);

  test(`scores ${scored} scenarios`, () => {
    expect(scenarios).toHaveLength(scored);
    expect(
      scenarios.filter((scenario) => result.checksOf(scenario).length === 0),
      result.output,
    ).toEqual([]);
  });

  test.each(scenarios)('%s: no fault and no warning', async (scenario) => {
    let checks = result.checksOf(scenario);
    if (faultsIn(checks).length > 0 && BY_THE_CLOCK.includes(scenario))
      checks = (await runScenario(proxy.url, scenario, revision)).checksOf(scenario);
    expect(faultsIn(checks)).toEqual([]);
    expect(checks.filter(({ status }) => status === 'SUCCESS')).not.toEqual([]);
  });
});

function faultsIn(checks: readonly Check[]): readonly Check[] {
  return checks.filter(({ status }) => status === 'FAILURE' || status === 'WARNING');
}

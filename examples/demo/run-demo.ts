import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent } from './agent.ts';
import { connect2025 } from './clients/connect-2025.ts';
import { connect2026 } from './clients/connect-2026.ts';
import type { DemoClient } from './clients/demo-client.ts';
import type { DemoReport, DemoStepReport } from './report.ts';
import { runSteps } from './run-steps.ts';
import { createScreen, type Screen } from './screen.ts';
import type { AuditReader, DemoContext, DemoStep } from './step.ts';
import { cancelLoop } from './steps/cancel-loop.ts';
import { commitFiles } from './steps/commit-files.ts';
import { compareRuns } from './steps/compare-runs.ts';
import { createProject } from './steps/create-project.ts';
import { describeData } from './steps/describe-data.ts';
import { fixBug } from './steps/fix-bug.ts';
import { followRun } from './steps/follow-run.ts';
import { importText } from './steps/import-text.ts';
import { queryLarge } from './steps/query-large.ts';
import { runForecast } from './steps/run-forecast.ts';
import { secondClient } from './steps/second-client.ts';
import { showAudit } from './steps/show-audit.ts';
import { tryToEscape } from './steps/try-to-escape.ts';
import { uploadFiles } from './steps/upload-files.ts';
import { valuation } from './steps/valuation.ts';
import { whoami } from './steps/whoami.ts';

export interface DemoOptions {
  readonly mcpUrl: string;
  readonly apiToken: string;
  /** Shows the steps on stderr, and ends with the report as one line of JSON on stdout. */
  readonly json: boolean;
  /** Reads the audit log; without it that step says that it cannot. */
  readonly auditEvents?: AuditReader;
  /** Where charts are saved; a new temporary folder by default. */
  readonly outputsFolder?: string;
  /** Writes the report's line; stdout by default. */
  readonly write?: (line: string) => void;
}

/** What an analyst's agent comes for: a project with models and data, runs of it, and what they differ in. */
export const MAIN_JOB: readonly DemoStep[] = [
  whoami,
  createProject,
  commitFiles,
  importText,
  uploadFiles,
  describeData,
  runForecast,
  compareRuns,
];
const FIRST_PASS: readonly DemoStep[] = [
  ...MAIN_JOB,
  followRun,
  valuation,
  queryLarge,
  fixBug,
  tryToEscape,
  cancelLoop,
];
const SECOND_PASS: readonly DemoStep[] = [secondClient];
const LAST: readonly DemoStep[] = [showAudit];

/**
 * The main job, done by real MCP clients of both revisions against a running stack. A step that fails is in the report
 * with what failed and why, and nothing is thrown.
 */
export async function runDemo(options: DemoOptions): Promise<DemoReport> {
  const screen = createScreen(options.json ? process.stderr : process.stdout);
  const shared = {
    screen,
    project: `Demo ${new Date().toISOString().slice(0, 19).replace('T', ' ').replaceAll(':', '.')}`,
    outputsFolder: options.outputsFolder ?? mkdtempSync(join(tmpdir(), 'causeway-demo-')),
    startedAt: new Date(),
    auditEvents: options.auditEvents ?? null,
    learned: {},
  } satisfies Omit<DemoContext, 'agent'>;

  const clients: DemoClient[] = [];
  const agents: Agent[] = [];
  let steps: readonly DemoStepReport[] = [];
  const pass = async (name: string, connect: () => Promise<DemoClient>, list: readonly DemoStep[]) => {
    const agent = await connectAgent(name, connect, screen);
    if (agent instanceof Agent) {
      clients.push(agent.client);
      agents.push(agent);
      steps = await runSteps(list, { ...shared, agent }, steps);
    } else steps = [...steps, agent];
  };
  try {
    await pass('connect_2026', () => connect2026(options), FIRST_PASS);
    if (hasNoFailure(steps)) await pass('connect_2025', () => connect2025(options), SECOND_PASS);
    const [agent] = agents;
    if (agent !== undefined) steps = await runSteps(LAST, { ...shared, agent }, steps);
  } finally {
    await Promise.allSettled(clients.map((client) => client.close()));
  }

  const learned: DemoContext['learned'] = shared.learned;
  const report: DemoReport = {
    ok: hasNoFailure(steps),
    mcp: clients.map(({ revision }) => revision),
    steps,
    runs: agents.flatMap(({ runs }) => runs),
    sandbox: learned.sandbox ?? null,
  };
  conclude(screen, report);
  const write = options.write ?? ((line: string) => process.stdout.write(`${line}\n`));
  if (options.json) write(JSON.stringify(report));
  return report;
}

async function connectAgent(
  name: string,
  connect: () => Promise<DemoClient>,
  screen: Screen,
): Promise<Agent | DemoStepReport> {
  const since = performance.now();
  try {
    return new Agent(await connect());
  } catch (thrown) {
    const error = `no connection: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
    screen.say(error);
    return { name, ok: false, ms: Math.round(performance.now() - since), error };
  }
}

function hasNoFailure(steps: readonly DemoStepReport[]): boolean {
  return steps.every(({ ok }) => ok);
}

function conclude(screen: Screen, report: DemoReport): void {
  const failed = report.steps.find(({ ok }) => !ok);
  screen.say('');
  screen.say(
    failed === undefined
      ? `All ${report.steps.length} steps did what they should: ${report.runs.length} runs in ${report.sandbox?.engine ?? 'no'} sandboxes, MCP ${report.mcp.join(' and ')}.`
      : `The step ${failed.name} failed: ${failed.error}`,
  );
}

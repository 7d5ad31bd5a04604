import { type Command, Option } from 'commander';
import { readAuditEvents } from '../database/audit-events.ts';
import { ownerUrlOf } from '../stack/owner-url.ts';
import { withStack } from '../stack/with-stack.ts';
import { wholeNumber } from './number-option.ts';
import { type JsonOptions, jsonOption, type StateOptions, stateOption } from './state-option.ts';

interface DemoOptions extends StateOptions, JsonOptions {
  readonly port: number;
}

export function registerDemo(program: Command): void {
  program
    .command('demo')
    .summary('watch the main job, done by a real MCP client')
    .description(
      'Shows a real MCP client creating a project, attaching data, running models in sandboxes and reading the results: against a running `up`, or one that it starts and ends.',
    )
    .addOption(
      new Option('--port <port>', 'where a stack that it starts listens')
        .default(8787)
        .argParser(wholeNumber(1, 65_535)),
    )
    .addOption(stateOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  $ ./causeway demo\n  $ ./causeway demo --json | tail -n 1 | jq .ok')
    .action(demo);
}

async function demo({ state, port, json = false }: DemoOptions): Promise<void> {
  await withStack({ state, port }, async ({ mcpUrl, apiToken }) => {
    const { runDemo } = await import('../../examples/demo/run-demo.ts');
    const ownerUrl = await ownerUrlOf({ state });
    const result = await runDemo({
      mcpUrl,
      apiToken,
      json,
      auditEvents: (tenant, since) => readAuditEvents(ownerUrl, tenant, since),
    });
    if (!result.ok) process.exitCode = 1;
  });
}

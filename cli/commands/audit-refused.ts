import type { Command } from 'commander';
import { withAuditOperator } from '../database/audit-operator.ts';
import { ownerUrlOf } from '../stack/owner-url.ts';
import { formatTable, printJson, printResult } from '../terminal/print.ts';
import { type DatabaseOptions, withDatabase } from './database-option.ts';

const MINUTES_SHOWN_MAX = 200;

/** What the platform's log says of refusals before it was known who asks; they belong to no tenant. */
export function registerRefused(audit: Command): void {
  withDatabase(audit.command('refused'))
    .summary('who was refused before it was known who they are')
    .description(
      'Floods, wrong tokens, secrets, passwords, links and signatures, counted by minute, address, route and status. What was refused to somebody who is known stands in the log of their tenant.',
    )
    .addHelpText('after', '\nExample:\n  $ ./causeway audit refused --json')
    .action(listRefused);
}

async function listRefused(options: DatabaseOptions): Promise<void> {
  const minutes = await withAuditOperator(await ownerUrlOf(options), (operator) =>
    operator.listRefusals(MINUTES_SHOWN_MAX),
  );
  if (options.json) return printJson(minutes);
  if (minutes.length === 0) return printResult('Nobody was.');
  const rows = minutes.flatMap(({ occurred_at, total, refused }) => {
    const time = occurred_at.toISOString();
    const shown = refused.reduce((sum, { count }) => sum + count, 0);
    return [
      ...refused.map(({ address, route, status, count }) => [time, address, route, `${status}`, `${count}`]),
      ...(shown < Number(total) ? [[time, 'others', '', '', `${Number(total) - shown}`]] : []),
    ];
  });
  printResult(formatTable(['written', 'address', 'asked', 'answer', 'times'], rows));
}

import type { Command } from 'commander';
import { migrate } from '../database/migrate.ts';
import { printSchema } from '../database/print-schema.ts';
import { deploymentSecrets } from '../settings/deployment-secrets.ts';
import { namesDatabase, ownerUrlOf } from '../stack/owner-url.ts';
import { formatDuration, printResult } from '../terminal/print.ts';
import { type StateOptions, stateOption } from './state-option.ts';

interface MigrateOptions extends StateOptions {
  readonly databaseUrl?: string;
  readonly printSchema?: boolean;
}

export function registerMigrate(program: Command): void {
  program
    .command('migrate')
    .summary('bring a database up to date')
    .description(
      'Applies migrations/ to a database, forward only: the one of the running stack, or any other by --database-url. `up` does this by itself. With CONTEXT_KEY and DATABASE_URL of the Worker in the environment it also installs that key (beside it CONTEXT_KEY_PREVIOUS, while it is changed), and the password of causeway_app.',
    )
    .option('--database-url <url>', 'log in as causeway_owner here (also: environment DATABASE_OWNER_URL)')
    .option('--print-schema', 'print the schema that the migrations made, as schema.sql has it')
    .addOption(stateOption())
    .addHelpText(
      'after',
      '\nExamples:\n  $ ./causeway migrate --print-schema > schema.sql\n  $ DATABASE_OWNER_URL=postgres://causeway_owner:...@db.example.com/causeway?sslmode=verify-full ./causeway migrate',
    )
    .action(run);
}

async function run(options: MigrateOptions): Promise<void> {
  const ownerUrl = await ownerUrlOf(options);
  const startedAt = Date.now();
  const isNamed = namesDatabase(options);
  const { applied, unchanged } = await migrate({
    ownerUrl,
    ...(isNamed ? deploymentSecrets(process.env) : {}),
  });
  if (options.printSchema) {
    process.stdout.write(await printSchema(ownerUrl));
    return;
  }
  for (const name of applied) printResult(`  ✓ ${name}`);
  printResult(
    `${applied.length} applied, ${unchanged} were there, ${formatDuration(Date.now() - startedAt)}.`,
  );
}

import { Command, CommanderError } from 'commander';
import { knowSecrets } from '../protocol/mask-secrets.ts';
import { registerAudit } from './commands/audit.ts';
import { registerBackup } from './commands/backup.ts';
import { registerBench } from './commands/bench.ts';
import { registerBreakGlass } from './commands/break-glass.ts';
import { registerCerts } from './commands/certs.ts';
import { registerCheck } from './commands/check.ts';
import { registerClean } from './commands/clean.ts';
import { registerClient } from './commands/client.ts';
import { registerConnect } from './commands/connect.ts';
import { registerDemo } from './commands/demo.ts';
import { registerDoctor } from './commands/doctor.ts';
import { registerExecutor } from './commands/executor.ts';
import { registerImage } from './commands/image.ts';
import { registerKeys } from './commands/keys.ts';
import { registerLogs } from './commands/logs.ts';
import { registerMigrate } from './commands/migrate.ts';
import { registerOwner } from './commands/owner.ts';
import { registerRestore } from './commands/restore.ts';
import { registerRoutes } from './commands/routes.ts';
import { registerStatus } from './commands/status.ts';
import { registerTenant } from './commands/tenant.ts';
import { registerTest } from './commands/test.ts';
import { registerToken } from './commands/token.ts';
import { registerUp } from './commands/up.ts';
import { registerUpgrade } from './commands/upgrade.ts';
import { registerVerify } from './commands/verify.ts';
import { SECRET_SETTINGS } from './settings/schema.ts';
import { endWithReader } from './terminal/end-with-reader.ts';
import { Failure } from './terminal/failure.ts';
import { printBug, printFailure } from './terminal/print.ts';
import { refusedBySystem } from './terminal/refused-by-system.ts';

const program = new Command('causeway')
  .description(
    'Bring your own agent: versioned projects, data and sandboxed Python models behind one MCP endpoint.',
  )
  .usage('COMMAND [OPTIONS]')
  .helpCommand(false)
  .showHelpAfterError('--help lists what there is, with examples.')
  .configureHelp({ showGlobalOptions: false })
  .addHelpText(
    'after',
    `
Start here:
  $ ./causeway demo                 watch the main job, from an empty machine to a result
  $ ./causeway up                   a stack for development on http://127.0.0.1:8787
  $ ./causeway connect claude-code  what to paste so that your agent uses it
  $ ./causeway test                 every test, with the real parts`,
  );

const GROUPS: Readonly<Record<string, readonly ((program: Command) => void)[]>> = {
  'Try it and develop:': [
    ...[registerUp, registerDemo, registerConnect, registerStatus, registerLogs, registerDoctor],
    ...[registerCerts, registerClean],
  ],
  'People, tokens and tenants:': [
    ...[registerOwner, registerToken, registerClient, registerBreakGlass, registerTenant],
  ],
  'Run a deployment:': [
    ...[registerMigrate, registerExecutor, registerImage, registerKeys, registerAudit],
    ...[registerBackup, registerRestore, registerUpgrade],
  ],
  'Prove and measure:': [registerTest, registerVerify, registerCheck, registerBench, registerRoutes],
};
for (const [heading, registers] of Object.entries(GROUPS)) {
  program.commandsGroup(heading);
  for (const register of registers) register(program);
}

endWithReader(process.stdout);
knowSecrets(SECRET_SETTINGS.map((name) => process.env[name]));
try {
  program.exitOverride();
  if (process.argv.length <= 2) program.help();
  await program.parseAsync();
} catch (thrown) {
  const failure = thrown instanceof Failure ? thrown : refusedBySystem(thrown);
  if (thrown instanceof CommanderError) process.exitCode = thrown.exitCode;
  else if (failure !== null) {
    printFailure(failure);
    process.exitCode = failure.exitCode;
  } else {
    printBug(thrown);
    process.exit(1);
  }
}

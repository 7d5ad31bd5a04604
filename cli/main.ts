import { Command, CommanderError } from 'commander';
import { knowSecrets } from '../protocol/mask-secrets.ts';
import { registerCommands } from './register-commands.ts';
import { SECRET_SETTINGS } from './settings/schema.ts';
import { describeOption } from './terminal/describe-option.ts';
import { endWithReader } from './terminal/end-with-reader.ts';
import { Failure } from './terminal/failure.ts';
import { printBug, printFailure } from './terminal/print.ts';
import { refusedBySystem } from './terminal/refused-by-system.ts';
import { trustOwnAuthority } from './tls/trust-own-authority.ts';

const program = new Command('causeway')
  .description(
    'Bring your own agent: versioned projects, data and sandboxed Python models behind one MCP endpoint.',
  )
  .usage('COMMAND [OPTIONS]')
  .helpCommand(false)
  .showHelpAfterError('--help lists what there is, with examples.')
  .configureHelp({ showGlobalOptions: false, optionDescription: describeOption })
  .addHelpText(
    'after',
    `
Start here:
  $ ./causeway demo                 watch the main job, from an empty machine to a result
  $ ./causeway up                   a stack for development on http://127.0.0.1:8787
  $ ./causeway connect claude-code  what to paste so that your agent uses it
  $ ./causeway test                 every test, with the real parts`,
  );

endWithReader(process.stdout);
knowSecrets(SECRET_SETTINGS.map((name) => process.env[name]));
try {
  await registerCommands(program, process.argv[2]);
  program.exitOverride();
  program.hook('preAction', (_program, command) => trustOwnAuthority(command.opts()));
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

import { Command, CommanderError } from 'commander';
import { registerHost, registerHostDrain } from './commands.ts';

const NAME = 'causeway-executor';

/** The executor of this host, as its operator sees it there. */
const program = new Command(NAME)
  .description('The Causeway executor of this host: runs models in single-use sandboxes, dials out only.')
  .usage('COMMAND [OPTIONS]')
  .helpCommand(false);
registerHost(program, NAME);
registerHostDrain(program, NAME);

process.umask(0o022);
try {
  program.exitOverride();
  if (process.argv.length <= 2) program.help();
  await program.parseAsync();
} catch (thrown) {
  if (!(thrown instanceof CommanderError)) throw thrown;
  process.exitCode = thrown.exitCode;
}

import { type Command, Option } from 'commander';
import { withServeOptions } from '../config.ts';
import { drainHost } from './drain-host.ts';
import { hostAction } from './host-action.ts';
import { type JoinOptions, joinHost } from './join-host.ts';
import { rotateHostKey } from './rotate-host-key.ts';
import { showLogs } from './show-logs.ts';
import { showStatus } from './show-status.ts';
import { testHost } from './test-host.ts';

/** Where an executor was installed, and how to answer. */
export interface HostOptions {
  readonly prefix: string;
  readonly json?: true;
}

/** The options of every command about the executor of this very host. */
function withHost(command: Command): Command {
  return command
    .addOption(
      new Option('--prefix <dir>', 'where it is installed, for images and tests').default('/').hideHelp(),
    )
    .option('--json', 'one JSON object on stdout');
}

/** What is done with an executor on its own host. `name` is how a person calls it there, for the examples. */
export function registerHost(program: Command, name: string): void {
  const join = withHost(program.command('join'))
    .summary('make an executor of this host: install, prove isolation, register, start')
    .description(
      'Installs an executor on this host (Debian 12 or 13, Ubuntu 22.04 or newer; x86-64; root) and joins it to a deployment with a one-time token. It says what it will do first. Started again after it was cut off, it goes on where it ended; started again later, it updates.',
    );
  withServeOptions(join)
    .option('--token <token>', 'the one-time token; other users of this host can see it: prefer a file')
    .option('--token-file <file>', 'a file that holds it; - for stdin')
    .option('--yes', 'do not ask')
    .option('--dry-run', 'say what would be done, and stop')
    .option('--no-start', 'install no service: print the command that starts the executor')
    .addOption(new Option('--cache <dir>', 'images and runsc, shared with others').hideHelp())
    .addHelpText(
      'after',
      `
Examples:
  $ ${name} join --url https://causeway.example.com --token-file token --dry-run
  $ ${name} join --url https://causeway.example.com --token-file - --slots 4 --label region=eu < token
  $ ${name} join --url https://causeway.example.com --token-file token --yes --json   # for programs: asks nothing`,
    )
    .action(hostAction((options: JoinOptions, command) => joinHost(options, command)));

  withHost(program.command('status'))
    .summary('how the executor of this host stands: connected, engine, slots, runs')
    .addHelpText(
      'after',
      `\nExit code 0 where it is connected, 1 where it is not.\n\nExample:\n  $ ${name} status --json`,
    )
    .action(hostAction(showStatus));

  withHost(program.command('logs'))
    .summary('what the executor of this host says, from the journal')
    .option('-f, --follow', 'go on as it says more')
    .option('-n, --lines <n>', 'so many of the last lines', '100')
    .addHelpText('after', `\nExample:\n  $ ${name} logs -f`)
    .action(hostAction(showLogs));

  withHost(program.command('self-test'))
    .summary('play the hostile probe on this host; a running executor goes on beside it')
    .addHelpText('after', `\nExit code 1 where something got through.\n\nExample:\n  $ ${name} self-test`)
    .action(hostAction(testHost));

  withHost(program.command('rotate-key'))
    .summary('exchange the key of this host’s executor; the old one is dead at once')
    .description(
      'The new key is made here and registered by the word of the old one. A running executor connects anew and keeps its runs.',
    )
    .addHelpText('after', `\nExample:\n  $ ${name} rotate-key`)
    .action(hostAction(rotateHostKey));
}

/** `drain` of this host; the operator's own command line has one of the same name for any executor. */
export function withHostDrain(command: Command): Command {
  return command.option('--wait', 'return when it runs nothing and has ended');
}

export function registerHostDrain(program: Command, name: string): void {
  withHostDrain(withHost(program.command('drain')))
    .summary('let the executor of this host finish its runs and end')
    .description(
      'It takes no further runs, finishes those that it has and ends. systemctl start starts it again.',
    )
    .addHelpText('after', `\nExample:\n  $ ${name} drain --wait && apt-get upgrade && reboot`)
    .action(hostAction(drainHost));
}

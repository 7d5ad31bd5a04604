import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { addLoopbackOrigin } from '../settings/loopback-origin.ts';
import { parsePublicUrl } from '../settings/public-url.ts';
import { printReady } from '../stack/ready-block.ts';
import { runUntilEnded } from '../stack/run-until-ended.ts';
import { readSecrets } from '../stack/secrets.ts';
import { startStack, type WorkerEngine } from '../stack/start-stack.ts';
import { ROOT_DIR, statePaths } from '../stack/state-paths.ts';
import { createBoard } from '../terminal/board.ts';
import { printNote } from '../terminal/print.ts';
import { ensureCertificates, LOCAL_NAMES } from '../tls/certificates.ts';
import { wholeNumber } from './number-option.ts';
import { type StateOptions, stateOption } from './state-option.ts';

interface UpOptions extends StateOptions {
  readonly port: number;
  readonly publicUrl?: string;
  readonly engine: WorkerEngine;
  readonly worker: boolean;
  readonly slots: number;
  readonly tls?: boolean;
  readonly conformance?: boolean;
  readonly loopbackOrigin?: readonly string[];
}

export function registerUp(program: Command): void {
  program
    .command('up')
    .summary('start a stack for development; Ctrl-C ends it')
    .description(
      'Starts Postgres, the Worker and an executor on this machine, in the foreground. One Ctrl-C ends all of them and leaves nothing behind.',
    )
    .addOption(
      new Option('--port <port>', 'where the Worker listens on 127.0.0.1')
        .default(8787)
        .argParser(wholeNumber(1, 65_535)),
    )
    .option(
      '--public-url <url>',
      'the address in all links, where it is not http://127.0.0.1:PORT',
      parsePublicUrl,
    )
    .addOption(
      new Option(
        '--engine <engine>',
        'what runs the Worker: wrangler reloads on change, workerd is lighter and faster',
      )
        .choices(['wrangler', 'workerd'])
        .default('wrangler'),
    )
    .option(
      '--tls',
      'serve https://localhost:PORT with the certificate of `causeway certs`, which it makes; on workerd',
    )
    .option(
      '--no-worker',
      'start all but the Worker, write .dev.vars, and wait for `npx wrangler dev` by hand',
    )
    .addOption(
      new Option('--slots <n>', 'runs at the same time; 0 starts no executor')
        .default(2)
        .argParser(wholeNumber(0, 64)),
    )
    .option(
      '--conformance',
      'bundle the Worker with the fixtures of the MCP conformance suite; what is deployed does not contain them',
    )
    .addOption(
      new Option(
        '--loopback-origin <origin...>',
        'origins of this machine, like http://127.0.0.1:9000, on which metadata documents of clients may lie',
      )
        .argParser(addLoopbackOrigin)
        .conflicts('publicUrl'),
    )
    .addOption(stateOption())
    .addHelpText(
      'after',
      `
Examples:
  $ ./causeway up
  $ ./causeway up --port 8790 --state /tmp/second     a second stack beside the first
  $ ./causeway up --engine workerd                    plain workerd, as the benchmarks use it
  $ ./causeway up --tls                               https://localhost:8787, executors by WSS; ./causeway certs says what to trust
  $ ./causeway up --loopback-origin http://127.0.0.1:9000   try a client whose metadata document lies there
  $ ./causeway up --no-worker                         then, beside it: npx wrangler dev --port 8787`,
    )
    .action(up);
}

async function up(options: UpOptions): Promise<void> {
  const board = createBoard();
  const paths = statePaths(options.state);
  // All that is wrong with what lies there is said before the first of it is used.
  readSecrets(paths);
  const certificates = options.tls ? await ensureCertificates(paths.tls, LOCAL_NAMES) : undefined;
  const origin = certificates === undefined ? 'http://127.0.0.1' : 'https://localhost';
  const wish = Promise.withResolvers<void>();
  process.on('SIGUSR2', () => wish.resolve());
  const start = async (signal: AbortSignal) => {
    const stack = await startStack(
      {
        paths,
        port: options.port,
        publicUrl: options.publicUrl ?? `${origin}:${options.port}`,
        engine: options.worker ? (certificates === undefined ? options.engine : 'workerd') : 'none',
        ...(certificates === undefined ? {} : { certificates }),
        entry: options.conformance ? 'conformance' : 'product',
        slots: options.slots,
        durable: true,
        restarts: options.worker,
        ...(options.loopbackOrigin === undefined
          ? {}
          : { settings: { LOOPBACK_ORIGINS: options.loopbackOrigin.join() } }),
      },
      board,
      signal,
    );
    printReady(stack, { stateDir: options.state, tookMs: board.elapsedMs() });
    return stack;
  };
  if (await runUntilEnded(board, start, { restart: wish.promise })) startAnew();
}

/** Becomes the `up` of the files that are there now: the same process for its terminal, with the same options. */
function startAnew(): void {
  printNote('\n  starting again, as ./causeway upgrade asked\n');
  process.execve?.(join(ROOT_DIR, 'causeway'), ['causeway', ...process.argv.slice(2)], process.env);
}

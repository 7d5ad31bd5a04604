import { Argument, type Command, InvalidArgumentError } from 'commander';
import { CLIENTS, CLOUD_CLIENTS, type ClientName, type Endpoint } from '../../worker/console/clients.ts';
import { readConnection } from '../stack/connection-file.ts';
import { statePaths } from '../stack/state-paths.ts';
import { Failure } from '../terminal/failure.ts';
import { printJson, printNote, printResult, styled } from '../terminal/print.ts';
import { type JsonOptions, jsonOption, type StateOptions, stateOption } from './state-option.ts';

interface ConnectOptions extends StateOptions, JsonOptions {
  readonly url?: string;
  readonly token?: string;
  readonly signIn?: true;
}

const NAMES = Object.keys(CLIENTS) as ClientName[];

export function registerConnect(program: Command): void {
  program
    .command('connect')
    .summary('what to paste so that your agent uses this stack')
    .description('Prints the exact configuration of one MCP client, and what that client can reach.')
    .addArgument(new Argument('<client>', 'the agent').choices(NAMES))
    .option('--url <url>', 'another deployment than the local stack, or its MCP endpoint', endpointAddress)
    .option('--token <token>', 'another token than that of the development owner')
    .option('--sign-in', 'without a token: the agent sends you to the browser to sign in')
    .addOption(stateOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `\nExamples:\n  $ ./causeway connect claude-code\n  $ ./causeway connect claude-code --sign-in\n  $ ./causeway connect codex --token "$(./causeway token create --name codex)"\n\n${CLOUD_CLIENTS}`,
    )
    .action(connect);
}

/** The endpoint of a deployment that is named by its own address, as people have it from their browser, is at /mcp. */
function endpointAddress(text: string): string {
  const url = URL.parse(text);
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:')
    throw new InvalidArgumentError('expected an address like https://causeway.example.com/mcp.');
  return url.pathname === '/' ? `${url.origin}/mcp` : text;
}

function connect(name: ClientName, options: ConnectOptions): void {
  const client = CLIENTS[name];
  const text = client.text(endpointOf(options));
  if (options.json) {
    printJson({ client: name, where: client.where, text, reach: client.reach, next: client.next });
    return;
  }
  const head = (word: string): string => styled('dim', word.padEnd(7));
  printNote(`${styled('bold', client.title)}\n`);
  printNote(`${head('Paste')} into ${client.where}:\n`);
  printResult(text);
  printNote(`\n${head('Then')} ${client.next}`);
  printNote(`${head('Reach')} ${client.reach}`);
  if (options.signIn) return;
  printNote(`${head('Secret')} the text holds a token of the development tenant: it is for this machine.`);
}

function endpointOf({ state, url, token, signIn }: ConnectOptions): Endpoint {
  if (url !== undefined && signIn) return { mcpUrl: url, apiToken: null };
  if (url !== undefined && token !== undefined) return { mcpUrl: url, apiToken: token };
  const known = readConnection(statePaths(state));
  if (known === null) {
    throw new Failure({
      what: 'There is nothing to connect to yet.',
      why: `no stack was ever started in ${state}`,
      remedy: 'start one with ./causeway up, or name an endpoint with --url and --token',
    });
  }
  return { mcpUrl: url ?? known.mcpUrl, apiToken: signIn ? null : (token ?? known.apiToken) };
}

import { relative } from 'node:path';
import { formatDuration, printResult, styled } from '../terminal/print.ts';
import type { Stack } from './start-stack.ts';
import { DEFAULT_STATE_DIR } from './state-paths.ts';

/** What a person needs next, when a stack is ready. */
export function printReady(
  { connection }: Stack,
  { stateDir, tookMs }: { readonly stateDir: string; readonly tookMs: number },
): void {
  const state = stateDir === DEFAULT_STATE_DIR ? '' : ` --state ${fromHere(stateDir)}`;
  const bold = (text: string): string => styled('bold', text, process.stdout);
  const dim = (text: string): string => styled('dim', text, process.stdout);
  const lines = [
    '',
    `${styled('green', '●', process.stdout)} ${bold('Causeway is ready')} ${dim(`after ${formatDuration(tookMs)}`)}`,
    '',
    `  MCP       ${bold(connection.mcpUrl)}`,
    `  Browser   ${connection.consoleUrl}`,
    `  Owner     ${connection.email} ${dim('(development tenant)')}`,
    `  Sign in   ${connection.issuer}/login ${dim(`(password in ${fromHere(`${stateDir}/connection.json`)})`)}`,
    `  API       ${connection.issuer}/api/v1 ${dim('(ADMINISTRATION=on, which up alone sets: docs/administration.md)')}`,
    `  Token     ${fromHere(`${stateDir}/connection.json`)} ${dim('(apiToken; only you can read it)')}`,
    '',
    `  Connect   ./causeway connect claude-code${state} ${dim('(or claude-desktop, codex, gemini, cursor, vscode)')}`,
    `  Look      ./causeway status${state} ${dim('·')} ./causeway logs --follow${state}`,
    '',
    dim('  For development: it listens on this machine only. Ctrl-C ends all of it.'),
  ];
  printResult(lines.join('\n'));
}

/** A path as one would type it here. */
function fromHere(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short || '.';
}

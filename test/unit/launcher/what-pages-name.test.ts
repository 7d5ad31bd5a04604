import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { beforeAll, expect, test } from 'vitest';
import { registerCommands } from '../../../cli/register-commands.ts';
import { ROOT_DIR } from '../../../cli/stack/state-paths.ts';
import { ROUTES } from '../../../worker/http/routes.ts';
import { TOOLS } from '../../../worker/mcp/tools/index.ts';

/** Pages that tell people what to do; decisions speak of what was not taken, too. */
const PAGES = ['.', 'docs', 'docs/security']
  .flatMap((folder) => readdirSync(join(ROOT_DIR, folder)).map((name) => join(folder, name)))
  .filter((path) => path.endsWith('.md') && path !== 'CHANGELOG.md')
  .map((path) => [path, readFileSync(join(ROOT_DIR, path), 'utf8')] as const);
/** Of these pages every word in quotes that looks like a tool's name is one. */
const OF_SECURITY = PAGES.filter(([path]) => /threat-model|incident-response|hardening/.test(path));
const NO_TOOLS = ['causeway_app'];

let program: Command;
beforeAll(async () => {
  program = new Command();
  await registerCommands(program, undefined);
});

/** What is wrong with a command as a page writes it; null where it is one of ours. */
function faultOf(words: readonly string[]): string | null {
  let command = program;
  for (const word of words) {
    if (command.commands.length === 0 || !/^[a-z][a-z-]*$/.test(word)) return null;
    const next = command.commands.find((each) => each.name() === word);
    if (next === undefined) return `${word} is no command of ${command.name() || 'causeway'}`;
    command = next;
  }
  return null;
}

test.each(PAGES)('each command in %s is there', (_path, text) => {
  const named = [...text.matchAll(/\.\/causeway ((?:[a-z][a-z-]*)(?: [a-z][a-z-]*)*)/g)].map(
    ([, words = '']) => words.split(' '),
  );
  expect(named.map(faultOf).filter((fault) => fault !== null)).toEqual([]);
});

test.each(OF_SECURITY)('each tool and page in %s is there', (_path, text) => {
  const quoted = [...text.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);
  const tools = quoted.filter((word) => /^[a-z]+(_[a-z]+)+$/.test(word) && !NO_TOOLS.includes(word));
  const pages = quoted.filter((word) => /^\/[a-z-]+$/.test(word));
  expect(tools.filter((word) => !TOOLS.some(({ name }) => name === word))).toEqual([]);
  expect(pages.filter((word) => !ROUTES.some(({ path }) => path === word))).toEqual([]);
});

test('a command and a tool that are not there are found', () => {
  expect(faultOf(['tenant', 'retire', 'ID'])).toBe('retire is no command of tenant');
  expect(faultOf(['repair'])).toMatch('repair is no command');
  expect(faultOf(['audit', 'verify', 'acme'])).toBeNull();
  expect(OF_SECURITY).toHaveLength(3);
});

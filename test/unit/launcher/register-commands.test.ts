import { Command } from 'commander';
import { expect, test } from 'vitest';
import { registerCommands } from '../../../cli/register-commands.ts';

async function registered(name?: string): Promise<readonly string[]> {
  const program = new Command();
  await registerCommands(program, name);
  return program.commands.map((command) => command.name());
}

test('a command that is asked for by its name comes alone, and all come otherwise', async () => {
  const all = await registered();
  expect(all.length).toBeGreaterThan(20);
  for (const name of all) expect(await registered(name)).toEqual([name]);
  for (const other of ['--help', 'tennant', 'toString']) expect(await registered(other)).toEqual(all);
});

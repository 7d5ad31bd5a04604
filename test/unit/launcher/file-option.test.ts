import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, describe, expect, test } from 'vitest';
import { fileToWrite } from '../../../cli/commands/file-option.ts';
import { ROOT_DIR } from '../../../cli/stack/state-paths.ts';

const folder = mkdtempSync(join(tmpdir(), 'causeway-file-option-'));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'file'), 'there already');
mkdirSync(join(folder, 'folder'));

describe('a file that a command is to write', () => {
  test.each([
    ['in a folder that is not there', 'absent/file', /^there is no folder/],
    ['below a file', 'file/key', /file is a file$/],
    ['that is a folder', 'folder', /^it is a folder/],
  ])('%s is refused, with what to do', (_what, path, why) => {
    const refusal = {
      why: expect.stringMatching(why),
      remedy: expect.stringMatching(/name a file/),
    };
    expect(() => fileToWrite(join(folder, path))).toThrow(expect.objectContaining(refusal));
  });

  test.each(['new', 'file', 'folder/new'])('%s is taken', (path) => {
    expect(fileToWrite(join(folder, path))).toBe(join(folder, path));
  });

  test.each([
    ['image', 'key'],
    ['executor', 'bundle'],
    ['audit', 'witness-key', '--name', 'w'],
  ])('%s %s says so without a stack, and leaves nothing', (...command) => {
    const args = ['--disable-warning=ExperimentalWarning', join(ROOT_DIR, 'cli/main.ts'), ...command];
    const ended = spawnSync(process.execPath, [...args, '--out', join(folder, 'absent/file')], {
      encoding: 'utf8',
    });
    expect(ended.status).toBe(1);
    expect(ended.stderr).toMatch(/cannot be written\.\n {2}why {2}there is no folder .*\n {2}do {3}mkdir -p/);
    expect(ended.stderr).not.toContain('    at ');
    expect(readdirSync(folder).sort()).toEqual(['file', 'folder']);
  });
});

/** Options that name a file which is only read. */
const READ = /^--(key|witness-key|checkpoint|image-key|image-signature|bundle|token-file)$/;

test('every option with a file to write is judged before its command begins', async () => {
  const judged: string[] = [];
  for (const path of globSync('cli/commands/*.ts', { cwd: ROOT_DIR })) {
    const module: Record<string, unknown> = await import(join(ROOT_DIR, path));
    for (const [name, register] of Object.entries(module)) {
      if (!name.startsWith('register')) continue;
      const program = new Command();
      (register as (program: Command) => void)(program);
      for (const { command, option } of optionsOf(program)) {
        if (!option.flags.endsWith('<file>') || READ.test(option.long ?? '')) continue;
        expect(option.parseArg, `${command} ${option.long}`).toBe(fileToWrite);
        judged.push(`${command} ${option.long}`);
      }
    }
  }
  expect(judged).toContain('bundle --out');
});

function optionsOf(command: Command): { command: string; option: Command['options'][number] }[] {
  return [
    ...command.options.map((option) => ({ command: command.name(), option })),
    ...command.commands.flatMap(optionsOf),
  ];
}

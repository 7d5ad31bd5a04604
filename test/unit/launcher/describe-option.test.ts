import { Command } from 'commander';
import { expect, test } from 'vitest';
import { describeOption } from '../../../cli/terminal/describe-option.ts';

test('help says of an option that its command does not start without that it is required, and of no other', () => {
  const help = new Command()
    .configureHelp({ optionDescription: describeOption })
    .requiredOption('--name <name>', 'what it is for')
    .option('--slots <n>', 'runs at the same time', '2')
    .helpInformation();
  expect(help).toMatch(/--name <name> +what it is for \(required\)\n/);
  expect(help).toMatch(/--slots <n> +runs at the same time \(default: "2"\)\n/);
});

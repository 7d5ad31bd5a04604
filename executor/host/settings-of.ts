import { Command } from 'commander';
import { withServeOptions } from '../config.ts';
import type { Settings } from '../settings-file.ts';

const SERVE_OPTIONS = withServeOptions(new Command()).options.map((option) => option.attributeName());

/** The daemon's options as a person gave them to a command that has these among its own; nothing that is a default. */
export function settingsOf(command: Command): Settings {
  const given = command.options.filter(
    (option) =>
      SERVE_OPTIONS.includes(option.attributeName()) &&
      command.getOptionValueSource(option.attributeName()) === 'cli',
  );
  return Object.fromEntries(
    given.map((option) => [option.name(), settingOf(command.getOptionValue(option.attributeName()))]),
  );
}

function settingOf(value: unknown): Settings[string] {
  if (value === true || typeof value === 'number' || typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(String);
  return Object.entries(value as Record<string, string>).map(([name, each]) => `${name}=${each}`);
}

import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { parseJson } from './parse-json.ts';

/** Options by their long names without dashes, as `{"url": "https://...", "slots": 4, "label": ["region=eu"]}`. */
const settingsSchema = z.record(
  z.string().regex(/^[a-z]+(-[a-z]+)*$/),
  z.union([z.string(), z.number(), z.literal(true), z.array(z.string())]),
);
export type Settings = z.infer<typeof settingsSchema>;

export type SettingsRead =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly reason: string };

export function readSettings(file: string): SettingsRead {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return { ok: false, reason: `${file} cannot be read (${(error as NodeJS.ErrnoException).code})` };
  }
  const settings = settingsSchema.safeParse(parseJson(text));
  return settings.success
    ? { ok: true, settings: settings.data }
    : { ok: false, reason: `${file} is no object of option names and their values` };
}

/** Each value stands in one word with its name, so that no value is read as an option. Pure. */
export function settingsToArgv(settings: Settings): string[] {
  return Object.entries(settings).flatMap(([name, value]) =>
    value === true ? [`--${name}`] : [value].flat().map((each) => `--${name}=${each}`),
  );
}

export type Expanded =
  | { readonly ok: true; readonly argv: readonly string[] }
  | { readonly ok: false; readonly reason: string };

/** Puts the options of `--config FILE` before those of the command line, which thereby win. */
export function expandSettings(argv: readonly string[]): Expanded {
  const at = argv.findIndex((word) => word === '--config' || word.startsWith('--config='));
  const file = argv[at]?.split('=')[1] ?? argv[at + 1];
  if (at < 0 || file === undefined) return { ok: true, argv };
  const read = readSettings(file);
  return read.ok ? { ok: true, argv: [...settingsToArgv(read.settings), ...argv] } : read;
}

import { InvalidArgumentError } from 'commander';
import { parseName } from '../../worker/input/parse-name.ts';

/** Reads a name on the command line as tools, pages and the API do. */
export function nameArgument(text: string): string {
  const parsed = parseName(text);
  if (parsed.ok) return parsed.name;
  throw new InvalidArgumentError(`The name ${parsed.problem}.`);
}

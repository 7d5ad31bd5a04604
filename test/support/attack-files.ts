import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ATTACKS = join(import.meta.dirname, '..', 'sandbox', 'attacks');

/** One of `test/sandbox/attacks/*.py`, with the module in which attacks say what they met. */
export function attack(name: string): { code: string; files: Record<string, string> } {
  return {
    code: readFileSync(join(ATTACKS, `${name}.py`), 'utf8'),
    files: { 'attempt.py': readFileSync(join(ATTACKS, 'attempt.py'), 'utf8') },
  };
}

/** The lines of an attack that got through; throws where it never came to try. */
export function gotThrough(stdout: string): string[] {
  const lines = stdout.split('\n');
  if (!lines.some((line) => line.startsWith('refused ')))
    throw new Error(`the attack tried nothing: ${stdout}`);
  return lines.filter((line) => line.startsWith('GOT THROUGH'));
}

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { z } from 'zod';
import { ROOT_DIR } from '../../stack/state-paths.ts';

/** Inputs that every run begins with: what each parser was made for, and all that ever broke one. */
const SEEDS_DIR = join(ROOT_DIR, 'test/fuzz/seeds');
const seedsSchema = z.array(z.string()).min(1);

export function readSeeds(parser: string): readonly string[] {
  const file = seedsFile(parser);
  return existsSync(file) ? seedsSchema.parse(JSON.parse(readFileSync(file, 'utf8'))) : [];
}

/** Keeps an input that broke its parser. Where: a path of the checkout. */
export function keepSeed(parser: string, input: string): string {
  const seeds = [...new Set([...readSeeds(parser), input])];
  const file = seedsFile(parser);
  writeFileSync(file, `${JSON.stringify(seeds, null, 2)}\n`);
  return relative(ROOT_DIR, file);
}

function seedsFile(parser: string): string {
  return join(SEEDS_DIR, `${parser}.json`);
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PARTS } from '../../../bench/protection/parts.ts';
import { ROOT_DIR } from '../../../cli/stack/state-paths.ts';

const EDITS = PARTS.flatMap(({ name, edits }) => edits.map((edit) => [name, edit.file, edit] as const));

test.each(EDITS)('what a build without %s leaves out stands once in %s', (_name, _file, { file, from }) => {
  expect(readFileSync(join(ROOT_DIR, file), 'utf8').split(from)).toHaveLength(2);
});

import { readFile } from 'node:fs/promises';
import { readImageKeys } from '../../infra/image-signature/read-image-keys.ts';
import { exists } from './exists.ts';
import { HostProblem } from './host-problem.ts';

/** Public keys, each itself, of what was given as keys or as files of them. */
export async function readKeyLines(given: readonly string[]): Promise<string[]> {
  const read = await readImageKeys(given);
  if (!read.ok)
    throw new HostProblem({
      what: 'The keys of images cannot be used.',
      why: read.says,
      remedy: read.remedy,
    });
  const texts = await Promise.all(
    given.map(async (each) => ((await exists(each)) ? readFile(each, 'utf8') : each)),
  );
  return texts
    .flatMap((text) => text.split('\n'))
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

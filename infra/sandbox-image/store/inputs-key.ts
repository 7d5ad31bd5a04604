import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * A key for everything in this folder that an image is made from: the lock, the recipe, the steps and the Python files.
 * It only finds a built image again; the image's identity is its digest.
 */
export async function inputsKey(recipeFolder: string, lockText: string): Promise<string> {
  const hash = createHash('sha256').update(lockText);
  const entries = await readdir(recipeFolder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && /\.(?:ts|py)$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
  for (const file of files) hash.update(path.relative(recipeFolder, file)).update(await readFile(file));
  return hash.digest('hex');
}

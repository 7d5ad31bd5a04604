import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Folders } from '../../executor/sandbox/engine.ts';

/** A file inside the sandbox: its path there and its text. */
export interface InputFile {
  readonly path: `/repo/${string}` | `/data/${string}`;
  readonly text: string;
}

export async function placeInputs(folders: Folders, files: readonly InputFile[]): Promise<void> {
  for (const { path, text } of files) {
    const [, root = '', ...rest] = path.split('/');
    const target = join(root === 'repo' ? folders.repo : folders.data, ...rest);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text, { mode: 0o444 });
  }
}

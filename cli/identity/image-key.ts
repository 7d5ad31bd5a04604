import { readFileSync, statSync } from 'node:fs';
import { judgeSecretFile } from '../../protocol/judge-file.ts';
import { makeNoteKeys, type NoteSigner, readNoteSigner } from '../../protocol/signed-note.ts';
import { writePrivateFile } from '../stack/secrets.ts';
import { Failure } from '../terminal/failure.ts';

export interface ImageKey {
  readonly signer: NoteSigner;
  /** As `--image-key` of an executor takes it. */
  readonly publicKey: string;
}

/** The key of a stack that signs its own sandbox image, made where there is none. */
export async function ensureImageKey(file: string): Promise<ImageKey> {
  const text = readOrNull(file);
  if (text === null) await writeImageKey(file, 'development');
  return readImageKey(file);
}

/** Makes a key in a file that only its owner reads, with the public half beside it; refuses to replace one. */
export async function writeImageKey(file: string, name: string): Promise<string> {
  if (readOrNull(file) !== null)
    throw new Failure({
      what: 'No key was made.',
      why: `${file} is there already`,
      remedy: 'name another file: what the key in it signed would be worth nothing without it',
    });
  const { privateKey, publicKey } = await makeNoteKeys(name);
  writePrivateFile(file, `${privateKey}\n${publicKey}\n`);
  return publicKey;
}

export async function readImageKey(file: string): Promise<ImageKey> {
  const [privateKey = '', publicKey = ''] = (readOrNull(file) ?? '').split('\n');
  const signer = await readNoteSigner(privateKey);
  if (signer !== null) {
    refuseReadable(file);
    return { signer, publicKey };
  }
  throw new Failure({
    what: `${file} holds no private key of ours.`,
    why: 'it is not there, or was not made by ./causeway image key',
    remedy: `make one: ./causeway image key --out ${file}`,
  });
}

function readOrNull(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function refuseReadable(file: string): void {
  const faults = judgeSecretFile(file, statSync(file), process.getuid?.() ?? 0);
  if (faults.length === 0) return;
  throw new Failure({
    what: `Nothing is signed with ${file}.`,
    why: `it may be anybody's by now: ${faults.join('; ')}`,
    remedy:
      'make a new key and trust that one; or, where you know that nobody read it, do what stands behind the colon',
  });
}

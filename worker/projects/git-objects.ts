import { hex } from '../../protocol/hex.ts';
import { concatenate } from '../blobs/concatenate.ts';
import { utf8 } from '../blobs/sha256.ts';

/**
 * git's objects (Pro Git, "Git Internals - Git Objects"): `<type> <length>\0<content>`, named by the SHA-1 of all that.
 * The ids are names that any git client computes too; what proves content is SHA-256, beside them.
 */
export interface GitObject {
  readonly id: string;
  readonly type: 'blob' | 'tree' | 'commit';
  readonly content: Uint8Array<ArrayBuffer>;
}

export interface CommitFields {
  readonly tree: string;
  readonly parent: string | null;
  readonly authorName: string;
  readonly authorEmail: string;
  /** Unix seconds, written as UTC. */
  readonly authoredAt: number;
  readonly message: string;
}

const encoder = new TextEncoder();

export function blobObject(content: Uint8Array<ArrayBuffer>): Promise<GitObject> {
  return gitObject('blob', content);
}

/**
 * The tree objects of a flat list of files, the root last. `files` gives each path's blob id; every file is a regular
 * one (mode 100644).
 */
export async function treeObjects(files: ReadonlyMap<string, string>): Promise<readonly GitObject[]> {
  const objects: GitObject[] = [];
  await addTree(folderOf(files), objects);
  return objects;
}

export function commitObject(fields: CommitFields): Promise<GitObject> {
  const who = `${identityText(fields.authorName)} <${identityText(fields.authorEmail)}> ${fields.authoredAt} +0000`;
  const lines = [`tree ${fields.tree}`];
  if (fields.parent !== null) lines.push(`parent ${fields.parent}`);
  lines.push(`author ${who}`, `committer ${who}`, '', fields.message);
  return gitObject('commit', utf8(lines.join('\n')));
}

/** A name or email as git accepts it in a header: one line, without `<` and `>` (git's `strbuf_addstr_without_crud`). */
export function identityText(text: string): string {
  return text.replace(/[\p{Cc}<>]/gu, '').trim() || 'unknown';
}

type Folder = Map<string, string | Folder>;

function folderOf(files: ReadonlyMap<string, string>): Folder {
  const root: Folder = new Map();
  for (const [path, blob] of files) {
    const segments = path.split('/');
    const name = segments.pop() ?? '';
    let folder = root;
    for (const segment of segments) {
      let next = folder.get(segment);
      if (!(next instanceof Map)) {
        next = new Map();
        folder.set(segment, next);
      }
      folder = next;
    }
    folder.set(name, blob);
  }
  return root;
}

async function addTree(folder: Folder, objects: GitObject[]): Promise<string> {
  const parts: Uint8Array[] = [];
  // git sorts by bytes, a folder as if its name ended in a slash.
  const entries = [...folder].map(([name, entry]) => ({
    name,
    entry,
    key: encoder.encode(entry instanceof Map ? `${name}/` : name),
  }));
  entries.sort((a, b) => compareBytes(a.key, b.key));
  for (const { name, entry } of entries) {
    const id = entry instanceof Map ? await addTree(entry, objects) : entry;
    parts.push(encoder.encode(`${entry instanceof Map ? '40000' : '100644'} ${name}\0`), bytesOfHex(id));
  }
  const tree = await gitObject('tree', concatenate(parts));
  objects.push(tree);
  return tree.id;
}

async function gitObject(type: GitObject['type'], content: Uint8Array<ArrayBuffer>): Promise<GitObject> {
  const whole = concatenate([encoder.encode(`${type} ${content.byteLength}\0`), content]);
  const id = hex(new Uint8Array(await crypto.subtle.digest('SHA-1', whole)));
  return { id, type, content };
}

function bytesOfHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

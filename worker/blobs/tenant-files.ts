import { z } from 'zod';
import { deleteFile, type StoreFetch } from './http-store.ts';

/** A file of the store, as it lies there: sealed. */
export interface StoredFile {
  /** Its name below the prefix. */
  readonly name: string;
  readonly bytes: number;
}

/** A store's own list of what lies below a prefix that ends in a slash, by name; and the removal of files. */
export interface StoreFiles {
  /** At most `filesMax` files whose names come after `after`, in order of their names. */
  list(prefix: string, after: string | null, filesMax: number): Promise<readonly StoredFile[]>;
  /** `signal`, where given, ends the wait for an S3 endpoint or a disk. */
  remove(paths: readonly string[], signal?: AbortSignal): Promise<void>;
  /** When a file was written, ms since 1970 by the store's clock: NaN where it does not say, null where there is none. */
  writtenAt(path: string, signal?: AbortSignal): Promise<number | null>;
}

/** Where everything of a tenant lies: its blobs, and what waits to become one. */
export function prefixesOf(tenant: string): { readonly blobs: string; readonly incoming: string } {
  return { blobs: `${tenant}/`, incoming: `incoming/${tenant}/` };
}

export function r2Files(bucket: R2Bucket): StoreFiles {
  return {
    async list(prefix, after, filesMax) {
      const startAfter = after === null ? {} : { startAfter: `${prefix}${after}` };
      const { objects } = await bucket.list({ prefix, limit: filesMax, ...startAfter });
      return objects.map(({ key, size }) => ({ name: key.slice(prefix.length), bytes: size }));
    },
    remove: (paths) => bucket.delete([...paths]),
    writtenAt: async (path) => (await bucket.head(path))?.uploaded.getTime() ?? null,
  };
}

const folder = z.array(z.object({ name: z.string(), type: z.string() }));

/** workerd's disk service answers `GET` of a folder with its entries and `HEAD` of a file with its length. */
export function diskFiles(send: StoreFetch): StoreFiles {
  return {
    async list(prefix, after, filesMax) {
      const names = (await namesBelow(send, prefix, ''))
        .filter((name) => after === null || name > after)
        .sort()
        .slice(0, filesMax);
      return Promise.all(
        names.map(async (name) => ({ name, bytes: await bytesOf(send, `${prefix}${name}`) })),
      );
    },
    remove: (paths, signal) => removeEach(send, paths, signal),
    writtenAt: (path, signal) => writtenAt(send, path, signal),
  };
}

async function namesBelow(send: StoreFetch, prefix: string, below: string): Promise<readonly string[]> {
  const response = await send(`${prefix}${below}`, { method: 'GET' });
  if (response.status !== 200) {
    await response.body?.cancel();
    if (response.status === 404) return [];
    throw new Error(`the blob store refused to list ${prefix}: ${response.status}`);
  }
  const entries = folder.parse(await response.json());
  const folders = entries.filter(({ type }) => type === 'directory');
  const deeper = await Promise.all(folders.map(({ name }) => namesBelow(send, prefix, `${below}${name}/`)));
  return [
    ...entries.filter(({ type }) => type === 'file').map(({ name }) => `${below}${name}`),
    ...deeper.flat(),
  ];
}

async function bytesOf(send: StoreFetch, path: string): Promise<number> {
  const response = await send(path, { method: 'HEAD' });
  await response.body?.cancel();
  return Number(response.headers.get('content-length') ?? '0');
}

/** An S3 endpoint (`ListObjectsV2`). */
export function s3Files(send: StoreFetch): StoreFiles {
  return {
    async list(prefix, after, filesMax) {
      const asked = new URLSearchParams({ 'list-type': '2', prefix, 'max-keys': String(filesMax) });
      if (after !== null) asked.set('start-after', `${prefix}${after}`);
      const response = await send(`?${asked}`, { method: 'GET' });
      const said = await response.text();
      if (!response.ok) throw new Error(`the blob store refused to list ${prefix}: ${response.status}`);
      return readListing(said, prefix);
    },
    remove: (paths, signal) => removeEach(send, paths, signal),
    writtenAt: (path, signal) => writtenAt(send, path, signal),
  };
}

/** The objects of an answer to ListObjectsV2. What we store has names without anything that XML escapes. */
export function readListing(xml: string, prefix: string): readonly StoredFile[] {
  return xml
    .split('<Contents>')
    .slice(1)
    .map((object) => ({ key: between(object, 'Key'), bytes: Number(between(object, 'Size')) }))
    .filter(({ key }) => key.startsWith(prefix))
    .map(({ key, bytes }) => ({ name: key.slice(prefix.length), bytes }));
}

function between(xml: string, tag: string): string {
  const [, rest = ''] = xml.split(`<${tag}>`);
  return rest.split(`</${tag}>`)[0] ?? '';
}

async function writtenAt(send: StoreFetch, path: string, signal?: AbortSignal): Promise<number | null> {
  const response = await send(path, { method: 'HEAD', signal: signal ?? null });
  await response.body?.cancel();
  if (response.status === 404) return null;
  if (!response.ok) throw new Error(`the blob store refused to look up ${path}: ${response.status}`);
  return Date.parse(response.headers.get('last-modified') ?? '');
}

async function removeEach(send: StoreFetch, paths: readonly string[], signal?: AbortSignal): Promise<void> {
  for (const path of paths) await deleteFile(send, path, signal);
}

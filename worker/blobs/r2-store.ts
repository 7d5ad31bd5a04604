import type { IncomingBodies } from './incoming.ts';
import type { RawStore } from './receive-blob.ts';

/** R2 (or wrangler's local one). */
export function r2Store(bucket: R2Bucket): RawStore {
  return {
    async read(path) {
      const object = await bucket.get(path);
      return object === null ? null : { body: object.body, bytes: object.size };
    },
    async has(path) {
      return (await bucket.head(path)) !== null;
    },
    async write(path, body) {
      await bucket.put(path, body);
    },
    remove: (path) => bucket.delete(path),
  };
}

/** What waits in R2. */
export function r2Incoming(bucket: R2Bucket): IncomingBodies {
  return {
    async list(prefix, bodiesMax) {
      const { objects } = await bucket.list({ prefix, limit: bodiesMax });
      return objects.map(({ key, uploaded }) => ({ path: key, writtenAt: uploaded.getTime() }));
    },
    remove: (paths) => bucket.delete([...paths]),
  };
}

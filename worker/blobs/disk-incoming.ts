import { z } from 'zod';
import { deleteFile, type StoreFetch } from './http-store.ts';
import type { IncomingBodies, WaitingBody } from './incoming.ts';

const folder = z.array(z.object({ name: z.string(), type: z.string() }));

/** What waits in workerd's disk service, which answers `GET` of a folder with its entries and `HEAD` of a file with its age. */
export function diskIncoming(send: StoreFetch): IncomingBodies {
  return {
    async list(prefix, bodiesMax) {
      const found: WaitingBody[] = [];
      for (const tenant of await entries(send, prefix, 'directory')) {
        for (const attempt of await entries(send, tenant, 'file')) {
          if (found.length >= bodiesMax) return found;
          found.push({ path: attempt, writtenAt: await writtenAt(send, attempt) });
        }
      }
      return found;
    },
    async remove(paths) {
      for (const path of paths) await deleteFile(send, path);
    },
  };
}

async function entries(send: StoreFetch, path: string, type: string): Promise<string[]> {
  const response = await send(path, { method: 'GET' });
  if (response.status !== 200) {
    await response.body?.cancel();
    if (response.status === 404) return [];
    throw new Error(`the blob store refused to list ${path}: ${response.status}`);
  }
  const listed = folder.parse(await response.json());
  return listed
    .filter((entry) => entry.type === type)
    .map(({ name }) => `${path.replace(/\/$/, '')}/${name}`);
}

/** NaN where the store does not say, or the body has gone meanwhile. */
async function writtenAt(send: StoreFetch, path: string): Promise<number> {
  const response = await send(path, { method: 'HEAD' });
  await response.body?.cancel();
  return response.ok ? Date.parse(response.headers.get('last-modified') ?? '') : Number.NaN;
}

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { generateOpenLoad } from '../../../bench/load/generate-open-load.ts';
import { getRequest } from '../../../bench/load/requests.ts';

test('who floods waits for nobody: all is sent while nothing is answered, and the wait counts from when each was due', async () => {
  const held: (() => void)[] = [];
  const server = createServer((_request, response) => {
    held.push(() => response.end('late'));
    // The first answer goes out when the last request is there.
    if (held.length === 20) for (const answer of held) answer();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const { latenciesMs, byStatus } = await generateOpenLoad({
    ...{ port, perSecond: 200, durationMs: 100, next: () => getRequest('/') },
  });
  expect(byStatus).toEqual({ 200: 20 });
  expect(Math.max(...latenciesMs)).toBeGreaterThan(90);
  server.close();
});

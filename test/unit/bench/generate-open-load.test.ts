import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { expect, test } from 'vitest';
import { generateOpenLoad } from '../../../bench/load/generate-open-load.ts';
import { getRequest } from '../../../bench/load/requests.ts';

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

test('who floods waits for nobody: all is sent while nothing is answered, and the wait counts from when each was due', async () => {
  const held: (() => void)[] = [];
  const server = createServer((_request, response) => {
    held.push(() => response.end('late'));
    // The first answer goes out when the last request is there.
    if (held.length === 20) for (const answer of held) answer();
  });
  const port = await listen(server);
  const { latenciesMs, byStatus } = await generateOpenLoad({
    ...{ port, perSecond: 200, durationMs: 100, next: () => getRequest('/') },
  });
  expect(byStatus).toEqual({ 200: 20 });
  expect(Math.max(...latenciesMs)).toBeGreaterThan(90);
  server.close();
});

test('what was sent on a connection that the server closed as idle is sent again, and each request is answered once', async () => {
  // Answers the first request of each connection, and closes it without a word when the second comes.
  const server = createTcpServer((socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
      socket.once('data', () => socket.end());
    });
  });
  const port = await listen(server);
  const load = generateOpenLoad({ port, perSecond: 100, durationMs: 200, next: () => getRequest('/') });
  expect((await load).byStatus).toEqual({ 200: 20 });
  server.close();
});

test('a server that closes new connections without an answer ends the measurement', async () => {
  const server = createTcpServer((socket) => void socket.once('data', () => socket.end()));
  const port = await listen(server);
  const load = generateOpenLoad({ port, perSecond: 100, durationMs: 50, next: () => getRequest('/') });
  await expect(load).rejects.toThrow('The server closed a new connection without an answer.');
  server.close();
});

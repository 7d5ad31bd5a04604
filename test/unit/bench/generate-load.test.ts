import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { generateLoad } from '../../../bench/load/generate-load.ts';
import { answers, getRequest } from '../../../bench/load/requests.ts';

async function serve(): Promise<{ readonly port: number; readonly paths: string[] }> {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url ?? '');
    response.end(request.url === '/bad' ? 'no' : 'yes');
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, paths };
}

it('a load ends when what was prepared is used up, each of it sent once', async () => {
  const { port, paths } = await serve();
  const prepared = ['/0', '/1', '/2', '/3', '/4'];
  const { requests, latenciesMs } = await generateLoad({
    port,
    concurrency: 2,
    durationMs: 60_000,
    next() {
      const path = prepared.shift();
      return path === undefined ? null : getRequest(path);
    },
    check: answers('yes'),
  });
  expect(requests).toBe(5);
  expect(latenciesMs).toHaveLength(5);
  expect(paths.sort()).toEqual(['/0', '/1', '/2', '/3', '/4']);
});

it('each connection goes on from its own last answer', async () => {
  const { port, paths } = await serve();
  const steps = [0, 0, 0];
  await generateLoad({
    port,
    concurrency: 3,
    durationMs: 60_000,
    next: (connection) =>
      steps[connection] === 4 ? null : getRequest(`/${connection}/${steps[connection]}`),
    check: (_, connection) => {
      steps[connection] = (steps[connection] ?? 0) + 1;
    },
  });
  for (const connection of [0, 1, 2])
    expect(paths.filter((path) => path.startsWith(`/${connection}/`))).toEqual(
      [0, 1, 2, 3].map((step) => `/${connection}/${step}`),
    );
});

it('an answer that was not asked for ends the load with its text, so that no refusal passes for speed', async () => {
  const { port } = await serve();
  await expect(
    generateLoad({
      port,
      concurrency: 1,
      durationMs: 60_000,
      next: () => getRequest('/bad'),
      check: answers('yes'),
    }),
  ).rejects.toThrow('got 200: no');
});

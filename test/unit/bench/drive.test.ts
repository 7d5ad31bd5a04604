import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { getRequest } from '../../../bench/load/requests.ts';
import { type Driven, drive } from '../../../bench/mcp/drive.ts';
import { expectAnswer } from '../../../bench/mcp/revisions.ts';

/** Three clients ask a real server twice in each conversation; each begins one conversation. */
async function driveAgainst(answer: RequestListener): Promise<Driven> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await drive({
      port: (server.address() as AddressInfo).port,
      clients: 3,
      durationMs: 0,
      *begin() {
        expectAnswer(yield getRequest('/first'), 'well');
        expectAnswer(yield getRequest('/second'), 'well');
      },
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('the load that bench mcp puts on a server', () => {
  it('a conversation goes on with the answer to what it said, and is counted once', async () => {
    const asked: string[] = [];
    const driven = await driveAgainst(({ url }, response) => {
      asked.push(url ?? '');
      response.end('all is well');
    });
    expect(driven).toMatchObject({ lost: 0, firstLoss: null });
    expect(driven.latenciesMs).toHaveLength(3);
    expect(asked.sort()).toEqual(['/first', '/first', '/first', '/second', '/second', '/second']);
    expect(driven.bytes).toBeGreaterThan(6 * 'all is well'.length);
  });

  it('a wrong answer is a loss, however fast it came, and its text is kept', async () => {
    const driven = await driveAgainst(({ url }, response) => {
      if (url === '/second') response.statusCode = 429;
      response.end('all is well');
    });
    expect(driven.latenciesMs).toEqual([]);
    expect(driven.lost).toBe(3);
    expect(driven.firstLoss).toMatch(/got 429: all is well/);
  });

  it('a connection that the server closes is a loss', async () => {
    let asked = 0;
    const driven = await driveAgainst(({ socket }, response) => {
      if (asked++ === 0) socket.destroy();
      else response.end('all is well');
    });
    expect(driven.lost).toBe(1);
    expect(driven.latenciesMs).toHaveLength(2);
  });
});

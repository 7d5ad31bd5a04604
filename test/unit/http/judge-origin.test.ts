import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import type { AppEnv } from '../../../worker/http/app-env.ts';
import { checkOrigin, judgeOrigin } from '../../../worker/http/check-origin.ts';
import { Refusal } from '../../../worker/http/refusal.ts';
import type { Platform } from '../../../worker/platform.ts';

const LOCAL = 'http://127.0.0.1:8787';
const PUBLIC = 'https://causeway.example';

describe('a request of a foreign web page', () => {
  test.each<[string, string | null, string | null, string | null]>([
    [LOCAL, null, null, null],
    [LOCAL, null, '127.0.0.1:8787', null],
    [LOCAL, 'https://friend.example', '127.0.0.1:8787', null],
    [LOCAL, 'http://127.0.0.1:8787', 'localhost:8787', null],
    [LOCAL, 'http://localhost:8787', '[::1]:8787', null],
    [LOCAL, 'http://localhost:9999', '127.0.0.1:8787', 'foreign_origin'],
    [LOCAL, 'https://localhost:8787', '127.0.0.1:8787', 'foreign_origin'],
    [LOCAL, 'null', '127.0.0.1:8787', 'foreign_origin'],
    [LOCAL, null, 'evil.example:8787', 'foreign_host'],
    [LOCAL, null, 'localhost.evil.example', 'foreign_host'],
    [LOCAL, null, '127.0.0.1.evil.example:8787', 'foreign_host'],
    [PUBLIC, 'https://causeway.example', 'behind-a-proxy.internal', null],
    [PUBLIC, 'https://friend.example', 'causeway.example', null],
    [PUBLIC, 'https://causeway.example.evil.example', 'causeway.example', 'foreign_origin'],
    [PUBLIC, 'http://causeway.example', 'causeway.example', 'foreign_origin'],
    [PUBLIC, 'http://localhost', 'causeway.example', 'foreign_origin'],
  ])('at %s with Origin %j and Host %j is %j', (publicUrl, origin, host, verdict) => {
    expect(judgeOrigin(publicUrl, origin, host, ['https://friend.example'])).toBe(verdict);
  });
});

describe('what a foreign web page has a browser send', () => {
  const app = new Hono<AppEnv>();
  app.use(async (context, next) => {
    context.set('platform', { publicUrl: LOCAL } as unknown as Platform);
    await next();
  });
  app.use(checkOrigin());
  app.all('*', (context) => context.text('served'));
  app.onError((error, context) =>
    error instanceof Refusal ? context.json([error.code, error.hint]) : context.text(String(error)),
  );
  const ask = async (path: string, headers: Record<string, string>) =>
    (await app.request(path, { headers }, { ALLOWED_ORIGINS: 'https://friend.example' })).text();

  test.each<[string, string, Record<string, string>]>([
    ['by its origin', '/mcp', { origin: 'https://evil.example' }],
    ['by its host', '/mcp', { host: 'evil.example' }],
    ['of an allowed origin, to what is not for web clients', '/login', { origin: 'https://friend.example' }],
  ])('is refused %s', async (_what, path, headers) => {
    expect(JSON.parse(await ask(path, headers))).toEqual([
      'forbidden_origin',
      `Connect a client that is not a web page, or use ${LOCAL}.`,
    ]);
  });

  test.each<[string, Record<string, string>]>([
    ['by no page', { host: '127.0.0.1:8787' }],
    ['by a page that the operator allows', { origin: 'https://friend.example' }],
  ])('and what is sent %s is served', async (_what, headers) => {
    expect(await ask('/mcp', headers)).toBe('served');
  });
});

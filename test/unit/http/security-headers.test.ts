import { Hono } from 'hono';
import { expect, test } from 'vitest';
import type { AppEnv } from '../../../worker/http/app-env.ts';
import { securityHeaders } from '../../../worker/http/security-headers.ts';

const app = new Hono<AppEnv>();
app.use(securityHeaders());
app.get('/thrown', () => {
  throw new Error('a bug');
});
app.get('/cut', (context) =>
  context.body(new ReadableStream({ start: (body) => body.error(new Error('cut')) })),
);
app.onError((_error, context) => context.text('internal', 500));

test.each([
  ['an error that nobody expected', '/thrown', 500],
  ['an answer that breaks off', '/cut', 200],
  ['an address that is none', '/nowhere', 404],
])('%s carries what protects browsers, over https that it is to stay so', async (_what, path, status) => {
  const answer = await app.request(path, {}, { PUBLIC_URL: 'https://causeway.example.com' });
  expect(answer.status).toBe(status);
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'content-security-policy': expect.stringContaining("default-src 'none'"),
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'permissions-policy': expect.stringContaining('camera=()'),
    'strict-transport-security': 'max-age=31536000; includeSubDomains',
    'cache-control': 'no-store',
  });
});

import { expect, test } from 'vitest';
import { isRefusedStranger } from '../../../worker/http/is-refused-stranger.ts';

const STRANGER = { isKnown: false, showsCredential: true };

test.each([
  ['POST /mcp', 401],
  ['POST /mcp', 429],
  ['POST /mcp', 403],
  ['GET (unknown path)', 401],
  ['POST /oauth/token', 400],
  ['POST /oauth/token', 429],
  ['POST /login', 422],
  ['POST /login', 429],
  ['GET /recovery/:link', 404],
  ['POST /recovery/:link', 404],
  ['GET /invitations/:link', 404],
  ['POST /invitations/:link', 404],
  ['GET /downloads/:link', 401],
  ['GET /executor/connect', 401],
  ['POST /api/v1/session', 401],
  ['GET /api/v1/me', 401],
])('%s that is answered by %i is a refusal of a stranger', (route, status) => {
  expect(isRefusedStranger({ ...STRANGER, route, status })).toBe(true);
});

test.each([
  ['POST /login', 422],
  ['POST /login', 429],
  ['POST /api/v1/session', 401],
  ['GET /recovery/:link', 404],
])('%s that is answered by %i tries what is of another, also for somebody who is known', (route, status) => {
  expect(isRefusedStranger({ ...STRANGER, isKnown: true, route, status })).toBe(true);
});

test.each([
  ['an admitted one', { route: 'POST /mcp', status: 200 }],
  ['what is not there', { route: 'GET (unknown path)', status: 404 }],
  ['bad input of somebody else', { route: 'POST /invitations', status: 422 }],
  ['a body that is not understood', { route: 'POST /mcp', status: 400 }],
  ['a fault', { route: 'POST /oauth/token', status: 500 }],
  ['who has a good link and types too short a password', { route: 'POST /recovery/:link', status: 422 }],
  ['who is invited and types no name', { route: 'POST /invitations/:link', status: 422 }],
  [
    'an invitation of their own that is not there',
    { route: 'POST /invitations/:invitation/withdraw', status: 404 },
  ],
  ['a form of somebody who is signed in', { route: 'POST /account/password', status: 403, isKnown: true }],
  ['somebody who is known', { route: 'POST /mcp', status: 429, isKnown: true }],
  ['an agent that asks how to sign in', { route: 'POST /mcp', status: 401, showsCredential: false }],
  ['one that looks around', { route: 'GET (unknown path)', status: 401, showsCredential: false }],
])('%s is none', (_what, asked) => {
  expect(isRefusedStranger({ ...STRANGER, ...asked })).toBe(false);
});

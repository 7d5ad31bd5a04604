import { expect, test } from 'vitest';
import { deploymentSecrets } from '../../../cli/settings/deployment-secrets.ts';

const KEY = Buffer.alloc(32, 7);

test('a database gets what the Worker has, and nothing that is not named', () => {
  expect(deploymentSecrets({})).toEqual({});
  expect(
    deploymentSecrets({
      CONTEXT_KEY: KEY.toString('base64url'),
      DATABASE_URL: 'postgres://causeway_app:p%40ss@db.example.com/causeway',
    }),
  ).toEqual({ appPassword: 'p@ss', ticketKeys: { current: KEY } });
});

test('while CONTEXT_KEY is changed the one before stays beside it', () => {
  const before = Buffer.alloc(32, 8);
  expect(
    deploymentSecrets({
      CONTEXT_KEY: KEY.toString('base64url'),
      CONTEXT_KEY_PREVIOUS: before.toString('base64url'),
    }),
  ).toEqual({ ticketKeys: { current: KEY, previous: before } });
});

test.each([
  ['the login of another role', { DATABASE_URL: 'postgres://causeway_owner:secret@db.example.com/causeway' }],
  ['a login without a password', { DATABASE_URL: 'postgres://causeway_app@db.example.com/causeway' }],
  [
    'a password with a bare per cent sign',
    { DATABASE_URL: 'postgres://causeway_app:100%secret@db.example.com/causeway' },
  ],
  ['what is no address', { DATABASE_URL: 'db.example.com' }],
  ['a short key', { CONTEXT_KEY: 'c2hvcnQ' }],
  ['a short key of before', { CONTEXT_KEY: KEY.toString('base64url'), CONTEXT_KEY_PREVIOUS: 'c2hvcnQ' }],
  ['a key of before alone', { CONTEXT_KEY_PREVIOUS: KEY.toString('base64url') }],
])('%s is refused, without a part of it', (_, environment) => {
  expect(() => deploymentSecrets(environment)).toThrow(
    expect.objectContaining({ why: expect.not.stringMatching(/secret|c2hvcnQ/) }),
  );
});

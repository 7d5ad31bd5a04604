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

test.each([
  ['the login of another role', { DATABASE_URL: 'postgres://causeway_owner:secret@db.example.com/causeway' }],
  ['a login without a password', { DATABASE_URL: 'postgres://causeway_app@db.example.com/causeway' }],
  ['what is no address', { DATABASE_URL: 'db.example.com' }],
  ['a short key', { CONTEXT_KEY: 'c2hvcnQ' }],
])('%s is refused, without a part of it', (_, environment) => {
  expect(() => deploymentSecrets(environment)).toThrow(
    expect.objectContaining({ why: expect.not.stringMatching(/secret|c2hvcnQ/) }),
  );
});

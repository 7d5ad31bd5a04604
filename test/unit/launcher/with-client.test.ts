import { expect, test } from 'vitest';
import { findFreePort } from '../../../cli/database/find-free-port.ts';
import { withClient } from '../../../cli/database/with-client.ts';

test.each([
  [
    'where nothing listens',
    (port: number) => `postgres://causeway_owner:secret@127.0.0.1:${port}/causeway`,
    /ECONNREFUSED/,
  ],
  ['whose address is none', () => 'db.example.com', /its address is none/],
  [
    'whose address has a slash in its password',
    () => 'postgres://a:b/c@db.example.com/d',
    /its address is none/,
  ],
])(
  'a database %s is told as a failure with what to do, and without its password',
  async (_what, urlOf, says) => {
    const opened = withClient(urlOf(await findFreePort()), () => Promise.resolve());
    await expect(opened).rejects.toMatchObject({
      name: 'Failure',
      message: expect.stringMatching(says),
      remedy: expect.stringContaining('--database-url'),
    });
    await expect(opened).rejects.not.toThrow('secret');
  },
);

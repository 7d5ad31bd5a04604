import { expect, test } from 'vitest';
import { findFreePort } from '../../../cli/database/find-free-port.ts';
import { withClient } from '../../../cli/database/with-client.ts';
import type { Failure } from '../../../cli/terminal/failure.ts';
import { maskSecrets } from '../../../protocol/mask-secrets.ts';

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
      remedy: expect.stringMatching(/--database-url .*:<password>@HOST/),
    });
    await expect(opened).rejects.not.toThrow('secret');
    const remedy = await opened.then(String, (failure: Failure) => failure.remedy);
    expect(maskSecrets(remedy)).toBe(remedy);
  },
);

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openSource } from '../../../cli/keys/open-source.ts';
import { newSecret } from '../../../protocol/secret.ts';

const ELSEWHERE = { databaseUrl: 'postgres://causeway_owner@db.example.com/causeway', state: '/nowhere' };

describe('a database that is named', () => {
  beforeEach(() => vi.stubEnv('KMS_KEY', undefined));
  afterEach(() => vi.unstubAllEnvs());

  test.each(['correct horse battery staple', 'short', ''])(
    'gets no key by the passphrase %j, with which the Worker would serve nothing',
    (passphrase) => {
      vi.stubEnv('KEY_PASSPHRASE', passphrase);
      vi.stubEnv('KEY_PASSPHRASE_PREVIOUS', newSecret());
      expect(() => openSource(ELSEWHERE)).toThrow(
        expect.objectContaining({
          message: 'No key was changed.',
          why: expect.stringContaining('KEY_PASSPHRASE is shorter than 20 characters, an example'),
          remedy: expect.stringContaining('openssl rand 32'),
        }),
      );
    },
  );

  test('goes on from a weak passphrase to one that was drawn', () => {
    vi.stubEnv('KEY_PASSPHRASE', newSecret());
    vi.stubEnv('KEY_PASSPHRASE_PREVIOUS', 'correct horse battery staple');
    expect(openSource(ELSEWHERE).maker).toBeDefined();
  });

  test('needs a passphrase or a KMS', () => {
    vi.stubEnv('KEY_PASSPHRASE', undefined);
    expect(() => openSource(ELSEWHERE)).toThrow(
      expect.objectContaining({ why: 'neither KEY_PASSPHRASE nor KMS_KEY is set' }),
    );
  });
});

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { ensureCertificates, LOCAL_NAMES } from '../../../cli/tls/certificates.ts';
import { causeway } from '../../support/causeway.ts';

const dir = mkdtempSync(join(tmpdir(), 'causeway-certificates-'));
afterAll(() => rmSync(dir, { recursive: true }));
afterEach(() => vi.useRealTimers());
const DAY_MS = 24 * 3600_000;
const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { encoding: 'utf8' });

describe('./causeway certs', () => {
  const state = join(dir, 'state');
  const certs = (...args: readonly string[]) => causeway(['certs', '--state', state, '--json', ...args]);

  test('makes a certificate that clients prove by its authority, which vouches for those names alone and can sign no other', async () => {
    const { code, stdout } = await certs('--host', 'causeway.test');
    expect(code).toBe(0);
    const { ca, certificate, key, names } = JSON.parse(stdout) as Record<string, string>;
    expect(names).toEqual([...LOCAL_NAMES, 'causeway.test']);
    const proven = (host: string) =>
      openssl(
        'verify',
        '-CAfile',
        String(ca),
        '-purpose',
        'sslserver',
        '-verify_hostname',
        host,
        String(certificate),
      );
    for (const host of ['localhost', 'causeway.test']) expect(proven(host)).toContain(': OK');
    expect(() => proven('evil.example')).toThrow(/hostname mismatch/);
    const constraints = openssl('x509', '-in', String(ca), '-noout', '-ext', 'nameConstraints');
    expect(constraints).toMatch(/critical\s+Permitted:\s+DNS:localhost\s+IP:127\.0\.0\.1/);
    expect(constraints).toContain('DNS:causeway.test');
    // What signed it is nowhere.
    expect(readdirSync(join(state, 'tls')).sort()).toEqual(['ca.pem', 'cert.pem', 'key.pem']);
    expect(statSync(String(key)).mode & 0o777).toBe(0o600);
  });

  test.each(['causeway.test,DNS:evil.example', 'a b', '../x', ''])('makes none for %j', async (host) => {
    const { code, stderr } = await certs('--host', host);
    expect([code, stderr]).toEqual([1, expect.stringContaining('Expected a name or an address')]);
  });
});

describe('certificates', () => {
  const made = (names: readonly string[] = LOCAL_NAMES) => ensureCertificates(join(dir, 'tls'), names);

  test('are kept until a month before they end, and made anew then, or for other names', async () => {
    const first = await made();
    const bytes = readFileSync(first.certFile);
    expect(await made()).toEqual(first);
    vi.useFakeTimers({ now: first.expiresAt.getTime() - 31 * DAY_MS, toFake: ['Date'] });
    await made();
    expect(readFileSync(first.certFile)).toEqual(bytes);
    vi.setSystemTime(first.expiresAt.getTime() - 29 * DAY_MS);
    await made();
    const second = readFileSync(first.certFile);
    expect(second).not.toEqual(bytes);
    vi.useRealTimers();
    await made([...LOCAL_NAMES, 'causeway.test']);
    expect(readFileSync(first.certFile)).not.toEqual(second);
  });

  test('whose key others can read are not used', async () => {
    const { keyFile } = await made();
    chmodSync(keyFile, 0o644);
    await expect(made()).rejects.toMatchObject({ why: expect.stringContaining('can be read by others') });
  });
});

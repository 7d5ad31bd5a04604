import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Certificates, ensureCertificates, LOCAL_NAMES } from '../../cli/tls/certificates.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

const dir = mkdtempSync(join(tmpdir(), 'causeway-tls-'));
let certificates: Certificates;
let stack: TestStack;
let stop: () => Promise<void>;

beforeAll(async () => {
  certificates = await ensureCertificates(dir, LOCAL_NAMES);
  ({ stack, stop } = await startTestStack({ slots: 1, certificates }));
});
afterAll(async () => {
  await stop?.();
  rmSync(dir, { recursive: true });
});

/** What a real TLS client says of a handshake at that version; old ciphers are allowed to it, so that the version decides. */
function handshake(version: string): Promise<string> {
  return new Promise((resolve) => {
    const args = [
      's_client',
      '-connect',
      `127.0.0.1:${stack.port}`,
      `-${version}`,
      '-CAfile',
      certificates.caFile,
    ];
    const client = execFile(
      'openssl',
      [...args, '-cipher', 'DEFAULT:@SECLEVEL=0'],
      (_error, stdout, stderr) => resolve(stdout + stderr),
    );
    client.stdin?.end('Q\n');
  });
}

describe('the front of a stack with certificates', () => {
  test.each(['tls1', 'tls1_1'])('refuses %s', async (version) => {
    const said = await handshake(version);
    expect(said).toMatch(/alert|no protocols available|unsupported protocol/i);
    expect(said).toContain('no peer certificate available');
  });

  test.each(['tls1_2', 'tls1_3'])(
    'takes %s, with a certificate that its authority proves',
    async (version) => {
      expect(await handshake(version)).toContain('Verify return code: 0 (ok)');
    },
  );

  test('serves people and agents there, and no plain http', async () => {
    const answer = await new Promise<{ status: number; headers: NodeJS.Dict<string | string[]> }>(
      (resolve, reject) => {
        const ca = readFileSync(certificates.caFile);
        const asked = request(`${stack.publicUrl}/login`, { ca }, (response) => {
          response.resume();
          resolve({ status: response.statusCode ?? 0, headers: response.headers });
        });
        asked.on('error', reject).end();
      },
    );
    expect(answer.status).toBe(200);
    expect(String(answer.headers['set-cookie'])).toMatch(/; Secure/);
    // On this machine's own names it would make every other program here need TLS.
    expect(answer.headers['strict-transport-security']).toBeUndefined();
    await expect(fetch(`http://127.0.0.1:${stack.port}/healthz`)).rejects.toThrow();
  });

  test('and its executor came by WSS', () => {
    // The stack is up, so the pool has welcomed its executor; this is where that dialled.
    const command = readFileSync(`/proc/${stack.pids.executor}/cmdline`, 'utf8').split('\0');
    expect(command[command.indexOf('--url') + 1]).toBe(`https://localhost:${stack.port}`);
  });
});

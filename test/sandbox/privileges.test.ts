import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../protocol/ids.ts';
import { attack, gotThrough } from '../support/attack-files.ts';
import { type SandboxHost, startSandboxHost } from '../support/sandbox-host.ts';

describe("Mallory's program stays an unprivileged user of a read-only system", () => {
  let host: SandboxHost;
  beforeAll(async () => {
    host = await startSandboxHost({ warm: 0 });
  });
  afterAll(() => host.stop());

  it.each(['mount', 'unshare', 'ptrace', 'kernel_interfaces', 'become_root', 'devices'])(
    '%s is refused, each way of it',
    async (name) => {
      const finished = await host.run(attack(name));
      expect(gotThrough(finished.stdout)).toEqual([]);
      expect(finished.stderr).not.toContain('Traceback');
    },
  );

  it('writes nowhere but to /outputs and /tmp, and the cached inputs keep their bytes, mode and time', async () => {
    const tenant = newId('tenant');
    const bytes = Buffer.from('day,revenue\n2024-01-01,5\n');
    const grant = host.peer.grant(bytes);
    const finished = await host.run({
      ...attack('write_everywhere'),
      tenant,
      data: [{ name: 'sales', format: 'csv', sha256: grant.sha256, bytes: grant.bytes }],
      blobs: [grant],
    });
    expect(gotThrough(finished.stdout)).toEqual([]);
    const cached = join(host.stateDir, 'blobs', tenant, grant.sha256);
    expect(createHash('sha256').update(readFileSync(cached)).digest('hex')).toBe(grant.sha256);
    const { mode, uid, mtimeMs, nlink } = statSync(cached);
    expect({ mode: mode & 0o7777, uid, mtimeMs, nlink }).toEqual({
      mode: 0o444,
      uid: 0,
      mtimeMs: 315_532_800_000,
      nlink: 1,
    });
    expect(finished.outcome.outputs).toEqual([]);
  });

  it('what it can read tells nothing of the host, its paths, its user or other runs', async () => {
    const finished = await host.run(attack('look_around'));
    const seen = finished.stdout;
    expect(finished.outcome.state).toBe('succeeded');
    expect(seen).toContain('"CAUSEWAY_SEED": "0"');
    expect(seen).toContain('CapEff:\t0000000000000000');
    expect(seen).toContain("['1']");
    expect(seen).not.toMatch(new RegExp(`\\b${hostname()}\\b`));
    for (const secret of [host.stateDir, process.cwd(), host.peer.url, 'capability', finished.job.tenant])
      expect(seen).not.toContain(secret);
    const environment = JSON.parse(seen.split('\n')[0] ?? '') as Record<string, string>;
    const ours = [
      'CAUSEWAY_PROGRESS_FD',
      'CAUSEWAY_SEED',
      'OMP_NUM_THREADS',
      'PYTHONHASHSEED',
      'SOURCE_DATE_EPOCH',
    ];
    const expected = new Set([...ours, ...Object.keys(host.imageEnvironment)]);
    expect(Object.keys(environment).filter((name) => !expected.has(name))).toEqual([]);
    for (const value of Object.values(environment)) expect(value.length).toBeLessThan(40);
  });

  it('leaves no process, mount, cgroup or folder behind', () => {
    expect(readdirSync(join(host.stateDir, 'sandboxes'))).toEqual([]);
    expect(readdirSync(join(host.stateDir, 'runsc'))).toEqual([]);
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(host.stateDir);
  });
});

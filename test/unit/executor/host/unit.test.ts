import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { layoutUnder, programOf } from '../../../../executor/host/layout.ts';
import { unitText } from '../../../../executor/host/unit.ts';

const run = promisify(execFile);
const linesOf = (text: string) => text.split('\n').filter((line) => /^\w/.test(line));

describe('the service of an executor', () => {
  const layout = layoutUnder('/');
  const unit = unitText(layout, 'gvisor');

  test('holds root to five of its powers, for ever', () => {
    expect(linesOf(unit)).toContain(
      'CapabilityBoundingSet=CAP_DAC_OVERRIDE CAP_SETFCAP CAP_SETGID CAP_SETUID CAP_SYS_ADMIN',
    );
    expect(linesOf(unit)).toContain('NoNewPrivileges=yes');
    // By systemd 257 no sandbox could start with both (decision 0189).
    expect(unit).not.toMatch(/^User=/m);
  });

  test('names no secret', () => {
    expect(unit).not.toMatch(/token|join_/i);
  });

  test('lets its runs end when it is stopped, and has cgroups of its own for them', () => {
    expect(linesOf(unit)).toEqual(
      expect.arrayContaining(['KillSignal=SIGUSR2', 'KillMode=mixed', 'TimeoutStopSec=420', 'Delegate=yes']),
    );
  });

  test('lets the daemon tell systemd how it stands', () => {
    expect(linesOf(unit)).toEqual(expect.arrayContaining(['Type=exec', 'NotifyAccess=all']));
  });

  test('has mounts of its own under gVisor, and under Docker those of the host, which Docker binds', () => {
    expect(linesOf(unit)).toEqual(expect.arrayContaining(['ProtectSystem=strict', 'PrivateTmp=yes']));
    for (const engine of ['docker-runsc', 'docker-runc'] as const)
      expect(unitText(layout, engine)).not.toMatch(
        /^(Private(Tmp|Devices|Mounts)|Protect(System|Home|KernelModules)|ReadWritePaths|ReadOnlyPaths|InaccessiblePaths)=/m,
      );
  });
});

describe('systemd itself', () => {
  let prefix: string;
  beforeAll(async () => {
    prefix = await mkdtemp(join(tmpdir(), 'causeway-unit-'));
  });
  afterAll(() => rm(prefix, { recursive: true, force: true }));

  /** The unit where systemd finds the programs that it names. */
  async function writeUnit(engine: 'gvisor' | 'docker-runc'): Promise<string> {
    const layout = layoutUnder(prefix);
    const { node } = programOf(layout.current);
    await mkdir(dirname(node), { recursive: true });
    await writeFile(node, '');
    await chmod(node, 0o755);
    await mkdir(dirname(layout.unitFile), { recursive: true });
    await writeFile(layout.unitFile, unitText(layout, engine));
    return layout.unitFile;
  }

  test('knows every directive of the unit', async () => {
    const { stderr } = await run('systemd-analyze', ['verify', '--man=no', await writeUnit('gvisor')]);
    expect(stderr.split('\n').filter((line) => line.includes('causeway'))).toEqual([]);
  });

  test('finds it exposed to little', async () => {
    const args = ['security', '--offline=true', '--no-pager', '--threshold=60', await writeUnit('gvisor')];
    const { stdout } = await run('systemd-analyze', args);
    expect(stdout).toMatch(/Overall exposure level for causeway-executor\.service: [0-5]\.\d (OK|MEDIUM)/);
  });
});

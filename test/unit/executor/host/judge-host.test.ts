import { describe, expect, test } from 'vitest';
import {
  type HostFacts,
  type JoinWish,
  judgeHost,
  packagesFor,
} from '../../../../executor/host/judge-host.ts';
import { layoutUnder } from '../../../../executor/host/layout.ts';
import { planJoin, planText } from '../../../../executor/host/plan.ts';

const GIB = 1024 ** 3;

/** A Debian 13 as a provider hands it out. */
const FRESH: HostFacts = {
  platform: 'linux',
  architecture: 'x64',
  uid: 0,
  system: { id: 'debian', version: '13' },
  kernel: '6.12.48+deb13-amd64',
  hasSystemd: true,
  cgroups: { version: 2, missing: [] },
  memoryBytes: 4 * GIB,
  disks: [{ dir: '/var/cache/causeway', freeBytes: 20 * GIB, neededBytes: 2 * GIB }],
  missing: ['pip', 'docker'],
  hasDebianArchive: true,
  hasDockerSocket: false,
  isProvisioned: false,
  isRegistered: false,
  server: { kind: 'answers', status: 200, skewSeconds: 0 },
};
const WISH: JoinWish = {
  url: 'https://causeway.example',
  engine: 'auto',
  hasToken: true,
  trustsKey: true,
  start: true,
};

describe('a host on which an executor can be installed', () => {
  test.each<[string, Partial<HostFacts>, Partial<JoinWish>]>([
    ['a fresh Debian 13', {}, {}],
    ['Debian 12', { system: { id: 'debian', version: '12' } }, {}],
    ['Ubuntu 24.04 with a mirror of Debian', { system: { id: 'ubuntu', version: '24.04' } }, {}],
    [
      'Ubuntu without one, image and gVisor brought along',
      { system: { id: 'ubuntu', version: '22.04' }, hasDebianArchive: false, isProvisioned: true },
      {},
    ],
    ['cgroup v1 with all controllers', { cgroups: { version: 1, missing: [] } }, {}],
    ['a container, without a service', { hasSystemd: false }, { start: false }],
    ['one that has joined, without a token', { isRegistered: true }, { hasToken: false }],
    ['a clock that is half a minute off', { server: { kind: 'answers', status: 200, skewSeconds: -30 } }, {}],
    ['a server that tells no time', { server: { kind: 'answers', status: 200, skewSeconds: null } }, {}],
  ])('%s', (_what, facts, wish) => {
    expect(judgeHost({ ...FRESH, ...facts }, { ...WISH, ...wish })).toEqual([]);
  });
});

describe('a host on which it cannot is told why, and what to do', () => {
  test.each<[string, Partial<HostFacts>, Partial<JoinWish>, RegExp, RegExp]>([
    ['macOS', { platform: 'darwin' }, {}, /darwin x64/, /Linux x86-64/],
    ['arm64', { architecture: 'arm64' }, {}, /linux arm64/, /Linux x86-64/],
    ['an ordinary user', { uid: 1000 }, {}, /not root/, /sudo/],
    ['an old kernel', { kernel: '4.14.9' }, {}, /4\.14\.9.*4\.15/, /update/],
    ['no cgroups', { cgroups: null }, {}, /nothing would bound/, /cgroup2/],
    [
      'a missing controller',
      { cgroups: { version: 2, missing: ['memory'] } },
      {},
      /cgroup v2 lacks memory/,
      /cgroup_disable/,
    ],
    ['Debian 11', { system: { id: 'debian', version: '11' } }, {}, /debian 11;/, /container image/],
    ['Ubuntu 20.04', { system: { id: 'ubuntu', version: '20.04' } }, {}, /ubuntu 20.04;/, /container image/],
    ['a system that nobody knows', { system: { id: 'arch', version: 'unknown' } }, {}, /arch/, /container/],
    [
      'Ubuntu whose apt knows no Debian',
      { system: { id: 'ubuntu', version: '24.04' }, hasDebianArchive: false },
      {},
      /no Debian archive/,
      /CAUSEWAY_DEBIAN_MIRROR/,
    ],
    ['no systemd', { hasSystemd: false }, {}, /systemd does not run/, /--no-start/],
    ['little memory', { memoryBytes: 0.5 * GIB }, {}, /0\.5 GiB of memory/, /larger machine/],
    [
      'a full disk',
      { disks: [{ dir: '/var/cache/causeway', freeBytes: GIB, neededBytes: 2 * GIB }] },
      {},
      /\/var\/cache\/causeway has 1\.0 GiB left and needs 2\.0 GiB/,
      /make room/,
    ],
    [
      'a server that cannot be reached',
      { server: { kind: 'unreachable', reason: 'getaddrinfo ENOTFOUND' } },
      {},
      /cannot be reached \(getaddrinfo ENOTFOUND\)/,
      /dial out to port 443/,
    ],
    [
      'a server that redirects',
      { server: { kind: 'redirects', to: 'https://evil.example/' } },
      {},
      /sends elsewhere, to https:\/\/evil\.example\//,
      /PUBLIC_URL/,
    ],
    [
      'a server that serves nothing',
      { server: { kind: 'answers', status: 503, skewSeconds: 0 } },
      {},
      /answers 503/,
      /causeway doctor/,
    ],
    [
      'a clock that is ahead',
      { server: { kind: 'answers', status: 200, skewSeconds: 600 } },
      {},
      /600 s ahead of/,
      /timesyncd/,
    ],
    [
      'a clock that is behind',
      { server: { kind: 'answers', status: 200, skewSeconds: -31 } },
      {},
      /31 s behind/,
      /timesyncd/,
    ],
    ['no token', {}, { hasToken: false }, /no join token/, /join-token/],
    ['no key of images', {}, { trustsKey: false }, /no key is trusted/, /--image-key/],
  ])('%s', (_what, facts, wish, what, remedy) => {
    const faults = judgeHost({ ...FRESH, ...facts }, { ...WISH, ...wish });
    expect(faults).toEqual([{ what: expect.stringMatching(what), remedy: expect.stringMatching(remedy) }]);
  });

  test('everything at once, not one thing after the other', () => {
    const faults = judgeHost({ ...FRESH, uid: 1000, cgroups: null, hasSystemd: false }, WISH);
    expect(faults).toHaveLength(3);
  });
});

describe('what is installed', () => {
  test.each<[string, Partial<HostFacts>, Partial<JoinWish>, readonly string[]]>([
    ['is what is missing', {}, {}, ['python3-pip']],
    ['is Docker only where it was asked for', {}, { engine: 'docker-runsc' }, ['docker.io', 'python3-pip']],
    [
      'is no Docker beside one that runs',
      { hasDockerSocket: true },
      { engine: 'docker-runc' },
      ['python3-pip'],
    ],
    ['is nothing for provisioning where that is done', { isProvisioned: true }, {}, []],
    [
      'is each package once',
      { missing: ['setpriv', 'flock', 'mount', 'umount'] },
      {},
      ['mount', 'util-linux'],
    ],
  ])('%s', (_what, facts, wish, packages) => {
    expect(packagesFor({ ...FRESH, ...facts }, { ...WISH, ...wish })).toEqual(packages);
  });

  test('is told before, with its size, its source and its place', () => {
    const layout = layoutUnder('/');
    expect(planText(planJoin(FRESH, WISH, layout, false))).toMatchInlineSnapshot(`
      "This is what will be on this host:
        to do  the packages python3-pip from the distribution, about 30 MB
               in the system
        to do  the executor's program and its Node, about 140 MB
               in /opt/causeway
        to do  gVisor and the sandbox image (700 MB unpacked) from Debian and PyPI (Debian alone where PyPI is out of reach), about 270 MB
               in /var/cache/causeway
        to do  settings
               in /etc/causeway/executor.json
        to do  the executor's key, registered with the join token
               in /var/lib/causeway/executor
        to do  the service causeway-executor, enabled and started
               in /etc/systemd/system/causeway-executor.service"
    `);
    const again = { ...FRESH, isProvisioned: true, isRegistered: true };
    expect(planJoin(again, { ...WISH, start: false }, layout, true).map(({ isDone }) => isDone)).toEqual([
      true,
      true,
      false,
      true,
    ]);
  });
});

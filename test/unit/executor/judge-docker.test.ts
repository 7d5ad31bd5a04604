import { describe, expect, it } from 'vitest';
import { apiVersionOf, judgeDocker } from '../../../executor/judge-docker.ts';
import type { DockerInfo, DockerVersion } from '../../../executor/sandbox/docker-api.ts';
import { runscFlags } from '../../../executor/sandbox/gvisor.ts';

const VERSION: DockerVersion = { Version: '20.10.24', ApiVersion: '1.41', MinAPIVersion: '1.12' };
const RUNSC = { path: '/opt/runsc', runtimeArgs: [...runscFlags('systrap')] };
const INFO: DockerInfo = {
  OSType: 'linux',
  CgroupDriver: 'cgroupfs',
  SecurityOptions: ['name=apparmor', 'name=seccomp,profile=default'],
  Runtimes: { runc: { path: 'runc' }, 'gvisor-of-ours': RUNSC },
};
const WANTED = { engine: 'docker-runsc', platform: 'systrap', runscPath: '/var/cache/runsc' } as const;

describe('a Docker daemon', () => {
  it('that has what runs rely on is taken, with its own name of the runtime', () => {
    expect(judgeDocker(VERSION, INFO, WANTED)).toEqual({
      ok: true,
      runtime: 'gvisor-of-ours',
      runtimePath: '/opt/runsc',
      apiVersion: '1.41',
    });
    expect(judgeDocker(VERSION, INFO, { ...WANTED, engine: 'docker-runc' })).toMatchObject({
      ok: true,
      runtime: 'runc',
    });
  });

  it.each<[string, Partial<DockerInfo>, RegExp]>([
    ['runs Windows containers', { OSType: 'windows' }, /runs windows containers/],
    ['has no seccomp', { SecurityOptions: ['name=apparmor'] }, /cannot filter system calls/],
    ['tells no security options', { SecurityOptions: null }, /cannot filter system calls/],
    ['is rootless', { SecurityOptions: ['name=seccomp', 'name=rootless'] }, /maps users .*--docker-socket/],
    ['maps users', { SecurityOptions: ['name=seccomp', 'name=userns'] }, /maps users/],
    ['leaves cgroups to systemd', { CgroupDriver: 'systemd' }, /restart it: .*native\.cgroupdriver=cgroupfs/],
    ['has no runsc', { Runtimes: { runc: { path: 'runc' } } }, /has no runtime runsc\. .*daemon\.json/],
    [
      'starts runsc without a filter of system calls',
      {
        Runtimes: {
          runsc: { ...RUNSC, runtimeArgs: RUNSC.runtimeArgs.filter((flag) => flag !== '--oci-seccomp') },
        },
      },
      /without flags that runs rely on\. .*--oci-seccomp/,
    ],
    [
      'starts runsc on kvm, which hangs in nested machines',
      { Runtimes: { runsc: { ...RUNSC, runtimeArgs: [...runscFlags('kvm')] } } },
      /without flags that runs rely on\. .*--platform=systrap/,
    ],
    ['starts runsc without any flag', { Runtimes: { runsc: { path: '/opt/runsc' } } }, /without flags/],
  ])('that %s is refused with what to do', (_, lack, reason) => {
    const judged = judgeDocker(VERSION, { ...INFO, ...lack }, WANTED);
    expect(judged).toEqual({ ok: false, reason: expect.stringMatching(reason) });
  });

  it('is told once all that it has to be given, as its own file takes it', () => {
    const judged = judgeDocker(VERSION, { ...INFO, CgroupDriver: 'systemd', Runtimes: {} }, WANTED);
    const settings: unknown = JSON.parse(judged.ok ? '' : judged.reason.slice(judged.reason.indexOf('{')));
    expect(settings).toEqual({
      'exec-opts': ['native.cgroupdriver=cgroupfs'],
      runtimes: { runsc: { path: '/var/cache/runsc', runtimeArgs: RUNSC.runtimeArgs } },
    });
  });

  it.each([
    ['of 2020', { ApiVersion: '1.41', MinAPIVersion: '1.12' }, '1.41'],
    ['of today, which has dropped 1.41', { ApiVersion: '1.52', MinAPIVersion: '1.44' }, '1.44'],
    ['that compares as text would be wrong', { ApiVersion: '1.100', MinAPIVersion: '1.9' }, '1.41'],
    ['of 2019', { ApiVersion: '1.40', MinAPIVersion: '1.12' }, null],
  ])('%s is spoken to in %o', (_, versions, expected) => {
    expect(apiVersionOf({ ...VERSION, ...versions })).toBe(expected);
  });

  it('that is too old is refused', () => {
    expect(judgeDocker({ ...VERSION, ApiVersion: '1.40' }, INFO, WANTED)).toMatchObject({
      ok: false,
      reason: expect.stringContaining('20.10 or newer'),
    });
  });
});

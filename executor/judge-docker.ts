import { basename } from 'node:path';
import type { DockerInfo, DockerVersion } from './sandbox/docker-api.ts';
import { type GvisorPlatform, runscFlags } from './sandbox/gvisor.ts';

/** The version of the Engine API that is spoken where the daemon still does; Docker 20.10 is the first that has it. */
const API_VERSION = '1.41';

export interface DockerWanted {
  readonly engine: 'docker-runsc' | 'docker-runc';
  readonly platform: GvisorPlatform;
  /** A runsc of this host that a daemon without one can be given. */
  readonly runscPath: string;
}

export type DockerJudged =
  | {
      readonly ok: true;
      /** The daemon's name of the runtime. */
      readonly runtime: string;
      /** Where the daemon finds its program. */
      readonly runtimePath: string;
      readonly apiVersion: string;
    }
  | { readonly ok: false; readonly reason: string };

/** Which API version to speak; null where the daemon is too old. */
export function apiVersionOf(version: DockerVersion): string | null {
  if (isOlder(version.ApiVersion, API_VERSION)) return null;
  return isOlder(API_VERSION, version.MinAPIVersion) ? version.MinAPIVersion : API_VERSION;
}

function isOlder(one: string, other: string): boolean {
  const [major = 0, minor = 0] = one.split('.').map(Number);
  const [otherMajor = 0, otherMinor = 0] = other.split('.').map(Number);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}

/** Whether this daemon can bound and isolate runs with the runtime wanted, or one sentence on what it lacks. Pure. */
export function judgeDocker(version: DockerVersion, info: DockerInfo, wanted: DockerWanted): DockerJudged {
  const restart = `Put this into its daemon.json (/etc/docker/daemon.json) and restart it: ${settingsFor(wanted)}`;
  const refuse = (reason: string): DockerJudged => ({ ok: false, reason });
  const apiVersion = apiVersionOf(version);
  if (apiVersion === null) return refuse(`Docker ${version.Version} is too old; it takes 20.10 or newer.`);
  if (info.OSType !== 'linux') return refuse(`This Docker runs ${info.OSType} containers, not Linux ones.`);
  const options = info.SecurityOptions ?? [];
  const has = (option: string) => options.some((each) => each.split(',')[0] === `name=${option}`);
  if (!has('seccomp'))
    return refuse('This Docker cannot filter system calls. Use one that was built with seccomp.');
  if (has('rootless') || has('userns'))
    return refuse(
      'This Docker maps users (rootless or userns-remap), so it cannot bind the folders of a run. Point --docker-socket at a daemon that does not.',
    );
  if (info.CgroupDriver !== 'cgroupfs')
    return refuse(
      `This Docker leaves cgroups to ${info.CgroupDriver}, so a run could not be bounded from before its start. ${restart}`,
    );
  if (wanted.engine === 'docker-runc') {
    const path = info.Runtimes.runc?.path;
    if (path === undefined) return refuse('This Docker has no runtime runc.');
    return { ok: true, runtime: 'runc', runtimePath: path, apiVersion };
  }
  const flags = runscFlags(wanted.platform);
  const found = Object.entries(info.Runtimes).filter(([, { path }]) => basename(path ?? '') === 'runsc');
  const fitting = found.find(([, { runtimeArgs }]) => flags.every((flag) => runtimeArgs?.includes(flag)));
  if (fitting !== undefined)
    return { ok: true, runtime: fitting[0], runtimePath: fitting[1].path ?? '', apiVersion };
  return refuse(
    found.length === 0
      ? `This Docker has no runtime runsc. ${restart}`
      : `This Docker starts runsc without flags that runs rely on. ${restart}`,
  );
}

/** All that a Docker daemon has to be told, so that it is told once. */
function settingsFor({ engine, platform, runscPath }: DockerWanted): string {
  const execOpts = { 'exec-opts': ['native.cgroupdriver=cgroupfs'] };
  if (engine === 'docker-runc') return JSON.stringify(execOpts);
  const runsc = { path: runscPath, runtimeArgs: runscFlags(platform) };
  return JSON.stringify({ ...execOpts, runtimes: { runsc } });
}

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ociSpec } from '../../../executor/sandbox/bundle.ts';
import { dockerSpec } from '../../../executor/sandbox/docker-spec.ts';
import { foldersUnder } from '../../../executor/sandbox/mounts.ts';
import { seccompProfile } from '../../../executor/sandbox/seccomp.ts';

/*
 * Every word of what a sandbox is made of, as it was reviewed: a word that is lost or added changes what a hostile program
 * can reach, and shows here as a line of a diff.
 */
const inside = {
  folders: foldersUnder('/state/one'),
  python: '/usr/bin/python3',
  harness: 'pass',
  imageEnvironment: { PATH: '/usr/bin' },
  cgroupPath: 'causeway-x/one',
  spec: {
    imports: ['pandas'],
    environment: { PYTHONHASHSEED: '0' },
    priority: 'run' as const,
    limits: {
      memoryBytes: 1_000_000,
      cpuCores: 1,
      processesMax: 256,
      outputsBytesMax: 2_000_000,
      outputsInodesMax: 100,
      tmpBytesMax: 3_000_000,
      tmpInodesMax: 200,
    },
  },
};
const reviewed = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`specifications/${name}.json`, import.meta.url), 'utf8'));
const written = (specification: unknown): unknown => JSON.parse(JSON.stringify(specification));

test('the OCI specification of a sandbox is the one that was reviewed, word by word', () => {
  const { linux, ...spec } = ociSpec({ ...inside, rootfsDir: '/images/rootfs' });
  const { seccomp, ...rest } = linux;
  expect(written({ ...spec, linux: rest })).toEqual(reviewed('oci'));
  expect(written(seccomp)).toEqual(reviewed('seccomp'));
});

test("Docker's container of a sandbox is the one that was reviewed, word by word", () => {
  const { HostConfig, ...body } = dockerSpec({
    ...inside,
    runtime: 'runsc',
    imageId: 'sha256:0',
    etcDir: '/state/etc',
    labels: { 'causeway.executor': 'x' },
    countsProcessesInside: true,
  });
  const { SecurityOpt, ...host } = HostConfig;
  expect(written({ ...body, HostConfig: host })).toEqual(reviewed('docker'));
  expect(SecurityOpt).toEqual(['no-new-privileges', `seccomp=${JSON.stringify(seccompProfile())}`]);
});

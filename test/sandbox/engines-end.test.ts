import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { dockerApi } from '../../executor/sandbox/docker-api.ts';
import { ensureDocker } from '../../infra/docker/ensure-docker.ts';
import { startDockerd } from '../../infra/docker/start-dockerd.ts';
import { processesOf } from '../support/executor-process.ts';
import { CACHE_DIR } from '../support/sandbox-host.ts';

/** A tar archive without a file (tar(5)): its runtime hangs before it would miss one. */
const EMPTY_TAR = Buffer.alloc(1024);

test("the tests' own Docker leaves no process when it ends, also where a container hangs at its start", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'causeway-docker-data-'));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const hanging = join(import.meta.dirname, '..', 'support', 'hanging-runtime.sh');
  const docker = await ensureDocker(CACHE_DIR, () => undefined);
  const dockerd = await startDockerd({
    docker,
    dataDir,
    runtimes: { hanging: { path: hanging, runtimeArgs: [] } },
  });
  const dir = dirname(dockerd.socketPath);
  const api = dockerApi(dockerd.socketPath, null);
  await api.importImage('nothing', 'latest', async (body) => void body.end(EMPTY_TAR));
  await api.create('hangs', {
    Image: 'nothing',
    Cmd: ['/nothing'],
    HostConfig: { Runtime: 'hanging', NetworkMode: 'none' },
  });
  const starting = api.start('hangs').catch((error: Error) => error);
  await expect.poll(() => processesOf(dir)).toContainEqual(expect.stringContaining('containerd-shim'));
  await dockerd.stop();
  expect(await starting).toBeInstanceOf(Error);
  expect(await processesOf(dir)).toEqual([]);
});

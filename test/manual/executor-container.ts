/**
 * Builds infra/executor-host/Dockerfile and has a real stack run a model in a container of it. Not of CI, since it makes a
 * Debian of 200 MB and an image of 1.3 GB; needs root, debootstrap and the network:
 *
 *   node test/manual/executor-container.ts
 *
 * Nothing is pulled: the base image is what debootstrap makes of Debian 13, under the name that the Dockerfile asks for.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mintJoinToken } from '../../cli/identity/mint-join-token.ts';
import { ROOT_DIR } from '../../cli/stack/state-paths.ts';
import { releaseStack } from '../../executor/release-stack.ts';
import { ensureDocker } from '../../infra/docker/ensure-docker.ts';
import { startDockerd } from '../../infra/docker/start-dockerd.ts';
import { operatorOf, PLATFORM_POOL } from '../support/fleet.ts';
import { settleModeller } from '../support/model-project.ts';
import { CACHE_DIR } from '../support/sandbox-host.ts';
import { imageArgs } from '../support/signed-image.ts';
import { startTestStack } from '../support/stack.ts';

const BASE = 'debian:13-slim';
const IMAGE = 'causeway-executor';
const NAME = `causeway-executor-tried-${process.pid}`;
const MODEL = 'import pandas\nprint(pandas.Series([20, 22]).sum())\n';

/** As the Dockerfile says, and as the service of an installed executor has it (decision 0189). */
const CAPABILITIES = ['DAC_OVERRIDE', 'SETFCAP', 'SETGID', 'SETUID', 'SYS_ADMIN'].flatMap((each) => [
  '--cap-add',
  each,
]);
const UNCONFINED = ['seccomp', 'apparmor', 'systempaths'].flatMap((each) => [
  '--security-opt',
  `${each}=unconfined`,
]);

const releases = releaseStack((error) => process.stderr.write(`${error}\n`));
const say = (text: string) => process.stderr.write(`${text}\n`);

async function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
  const child = spawn(program, args, { cwd: ROOT_DIR, env, stdio: ['ignore', 'pipe', 'inherit'] });
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}: ${stdout.slice(-2_000)}`);
  return stdout.trim();
}

try {
  const dir = await mkdtemp(join(tmpdir(), 'causeway-container-'));
  releases.push(() => rm(dir, { recursive: true, force: true }));

  say('Docker, by hand');
  const docker = await ensureDocker(CACHE_DIR, () => undefined);
  const dataDir = join(CACHE_DIR, '..', 'docker-of-tries');
  const dockerd = await startDockerd({ docker, dataDir, runtimes: {} });
  releases.push(() => dockerd.stop());
  const env = {
    PATH: [...docker.programs, process.env.PATH].join(':'),
    LD_LIBRARY_PATH: docker.libraries.join(':'),
    DOCKER_HOST: `unix://${dockerd.socketPath}`,
    DOCKER_BUILDKIT: '0',
  };
  const inDocker = (...args: string[]) => run('docker', args, env);

  if ((await inDocker('images', '--quiet', BASE)) === '') {
    say(`${BASE}, by debootstrap`);
    const root = join(dir, 'root');
    // The mirror that apt of this machine is set to.
    const [mirror = ''] = (await run('apt-get', ['indextargets', '--format', '$(REPO_URI)'])).split('\n');
    await run('debootstrap', ['--variant=minbase', 'trixie', root, mirror]);
    await run('tar', ['-C', root, '-cf', join(dir, 'root.tar'), '.']);
    await inDocker('import', join(dir, 'root.tar'), BASE);
  }

  say('the bundle, with the image');
  const archive = join(dir, 'causeway-executor.tar.gz');
  const bundle = ['executor', 'bundle', '--with-image', ...(await imageArgs(CACHE_DIR)), '--out', archive];
  await run(process.execPath, ['cli/main.ts', ...bundle]);
  const context = join(dir, 'context');
  await mkdir(context);
  await run('tar', ['-xzf', archive, '-C', context]);
  await cp(join(ROOT_DIR, 'infra/executor-host/Dockerfile'), join(context, 'Dockerfile'));

  say('docker build');
  await inDocker('build', '--network', 'host', '--tag', IMAGE, context);

  say('a stack without hosts, and the container beside it');
  const { stack, stop } = await startTestStack({ slots: 0 });
  releases.push(stop);
  const tokenFile = join(dir, 'join-token');
  await writeFile(tokenFile, await mintJoinToken(stack.ownerUrl), { mode: 0o600 });
  await inDocker(
    ...[
      'run',
      '--detach',
      '--log-driver',
      'json-file',
      '--name',
      NAME,
      '--cap-drop',
      'ALL',
      ...CAPABILITIES,
      ...UNCONFINED,
      '--cgroupns',
      'host',
      '--network',
      'host',
    ],
    ...['--volume', '/sys/fs/cgroup:/sys/fs/cgroup', '--volume', `${NAME}:/var/lib/causeway`],
    ...['--volume', `${tokenFile}:/run/join-token:ro`, IMAGE],
    ...['--url', stack.publicUrl, '--join-token-file', '/run/join-token', '--name', 'container'],
  );
  const operator = operatorOf(stack);
  const until = performance.now() + 120_000;
  while ((await operator.look(PLATFORM_POOL)).executors.length === 0) {
    if (performance.now() > until) throw new Error(await inDocker('logs', NAME));
    await new Promise((resolve) => setTimeout(resolve, 500));
  }

  const ann = await settleModeller(stack, 'Ann', MODEL);
  const { structured } = await ann.runModel(1, { wait_seconds: 50 });
  say(
    JSON.stringify({ state: structured.state, stdout: structured.stdout.text, message: structured.message }),
  );
  if (structured.state !== 'succeeded' || structured.stdout.text !== '42\n')
    throw new Error('the run did not succeed');

  say('docker stop drains');
  const { Pid } = JSON.parse(await inDocker('inspect', '--format', '{{json .State}}', NAME)) as {
    Pid: number;
  };
  await inDocker('stop', '--time', '60', NAME);
  const { ExitCode } = JSON.parse(await inDocker('inspect', '--format', '{{json .State}}', NAME)) as {
    ExitCode: number;
  };
  if (ExitCode !== 0 || existsSync(`/proc/${Pid}`)) throw new Error(`it ended with ${ExitCode}`);
  say('all of it works');
} finally {
  await releases.releaseAll();
}

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { mintJoinToken } from '../../cli/identity/mint-join-token.ts';
import { ROOT_DIR } from '../../cli/stack/state-paths.ts';
import { releaseStack } from '../../executor/release-stack.ts';
import { ensureDocker } from '../../infra/docker/ensure-docker.ts';
import { fetchDebs } from '../../infra/sandbox-image/apt/fetch-debs.ts';
import { openAptRoot } from '../../infra/sandbox-image/apt/private-root.ts';
import { resolveDebs } from '../../infra/sandbox-image/apt/resolve-debs.ts';
import { openBlobCache } from '../../infra/sandbox-image/store/blob-cache.ts';
import { holdLock } from '../../infra/sandbox-image/store/hold-lock.ts';
import { unpackDebs } from '../../infra/sandbox-image/tree/unpack-debs.ts';
import type {} from '../support/engines-setup.ts';
import { operatorOf, PLATFORM_POOL } from '../support/fleet.ts';
import { settleModeller } from '../support/model-project.ts';
import { CACHE_DIR } from '../support/sandbox-host.ts';
import { imageArgs } from '../support/signed-image.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

/**
 * infra/executor-host/Dockerfile, built as it is from a real bundle, and started with the very command in its head, beside a
 * real stack. Of the test are the network, which is the host's since this Docker has no other, and the cache, which a bundle
 * `--with-image` brings along.
 */
const DOCKERFILE = join(ROOT_DIR, 'infra/executor-host/Dockerfile');
const NAME = `causeway-executor-${process.pid}`;
const BASE = 'debian:13-slim';
/** Essential or required in Debian, thus in that image, and apt, which brings the C++ library of Node. */
const BASE_PACKAGES = ['apt', 'base-files', 'coreutils', 'dash', 'findutils', 'mount', 'util-linux'];

const RUN_SECONDS = 2;
const MODEL = `import causeway, pandas, time
time.sleep(causeway.parameters["n"])
print(pandas.Series([20, 22]).sum())
`;

const run = promisify(execFile);
const releases = releaseStack((error) => {
  throw error;
});
let dir: string;
let environment: NodeJS.ProcessEnv;
let stack: TestStack;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'causeway-container-'));
  releases.push(() => rmSync(dir, { recursive: true, force: true }));
  const { programs, libraries } = await ensureDocker(CACHE_DIR, () => undefined);
  environment = {
    PATH: [...programs, process.env.PATH].join(':'),
    LD_LIBRARY_PATH: libraries.join(':'),
    DOCKER_HOST: `unix://${inject('dockerSocket')}`,
    DOCKER_BUILDKIT: '0',
  };
  const starting = startTestStack({ slots: 0 });
  await build();
  const started = await starting;
  releases.push(started.stop);
  stack = started.stack;
});
afterAll(() => releases.releaseAll());

async function docker(...args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await run('docker', [...args], { env: environment });
  return args[0] === 'logs' ? `${stdout}${stderr}` : stdout.trim();
}

/** What is done with Docker at the end. */
const remove = (...args: readonly string[]) => releases.push(async () => void (await docker(...args)));

/** The image, as the Dockerfile says. */
async function build(): Promise<void> {
  const [archive, context] = [join(dir, 'bundle.tar.gz'), join(dir, 'context')];
  const bundle = ['cli/main.ts', 'executor', 'bundle', ...(await imageArgs(CACHE_DIR)), '--out', archive];
  await Promise.all([importBase(), run(process.execPath, bundle, { cwd: ROOT_DIR })]);
  mkdirSync(context);
  await run('tar', ['-xzf', archive, '-C', context]);
  cpSync(DOCKERFILE, join(context, 'Dockerfile'));
  await docker('build', '--tag', NAME, context);
  remove('image', 'rm', '--force', NAME);
}

/** Stands for the base image, of which nothing is pulled. */
async function importBase(): Promise<void> {
  const [root, onProgress] = [join(dir, 'base'), () => undefined];
  const cache = await openBlobCache(join(CACHE_DIR, 'downloads/debs'));
  const debs = await holdLock(CACHE_DIR, onProgress, async () => {
    const apt = await openAptRoot(join(CACHE_DIR, 'apt'));
    const closure = await resolveDebs(apt, BASE_PACKAGES);
    await fetchDebs(apt, closure, { cache, onProgress });
    return closure;
  });
  mkdirSync(root);
  await unpackDebs(debs, cache, root);
  const tar = spawn('tar', ['-C', root, '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const imported = spawn('docker', ['import', '-', BASE], {
    env: environment,
    stdio: [tar.stdout, 'ignore', 'inherit'],
  });
  expect(await once(imported, 'exit')).toEqual([0, null]);
  remove('image', 'rm', '--force', BASE);
}

/** The command in the head of the Dockerfile, filled in. */
async function startAsDocumented(name: string): Promise<void> {
  const token = join(dir, `${name}.token`);
  writeFileSync(token, await mintJoinToken(stack.ownerUrl), { mode: 0o600 });
  const [, command = ''] = /^# {3}docker (run (?:.*\\\n)*.*)$/m.exec(readFileSync(DOCKERFILE, 'utf8')) ?? [];
  const filledIn: Readonly<Record<string, string>> = {
    '--name causeway-executor': `--name ${name} --network host --log-driver json-file -v ${CACHE_DIR}:/opt/causeway/current/cache`,
    'causeway-state:': `${NAME}:`,
    '/root/join-token:': `${token}:`,
    ' causeway-executor --url': ` ${NAME} --url`,
    'https://causeway.example.com': stack.publicUrl,
  };
  const args = Object.entries(filledIn)
    .reduce(
      (text, [of, ours]) => {
        expect(text).toContain(of);
        return text.replace(of, ours);
      },
      command.replaceAll(/\\\n#/g, ' '),
    )
    .split(/ +/);
  remove('rm', '--force', '--volumes', name);
  await docker(...args);
}

const stateOf = async (name: string) =>
  JSON.parse(await docker('inspect', '--format', '{{json .State}}', name)) as {
    Pid: number;
    ExitCode: number;
  };

test('the container image of an executor runs models with what its Dockerfile names, and docker stop drains it', async () => {
  remove('volume', 'rm', '--force', NAME);
  await startAsDocumented(NAME);
  const operator = operatorOf(stack);
  const isThere = async () => (await operator.look(PLATFORM_POOL)).executors.length === 1;
  // Otherwise what it says.
  await expect.poll(async () => (await isThere()) || docker('logs', NAME)).toBe(true);
  const ann = await settleModeller(stack, 'Ann', MODEL);
  const { structured } = await ann.runModel(0, { wait_seconds: 50 });
  expect([structured.state, structured.stdout.text]).toEqual(['succeeded', '42\n']);

  // Another one with the same volume, as a second copy of a deployment would be.
  await startAsDocumented(`${NAME}-second`);
  await expect
    .poll(() => docker('logs', `${NAME}-second`))
    .toMatch(/Another executor uses \/var\/lib\/causeway\/executor, process 1 of \S+\./);

  const last = await ann.startModel(RUN_SECONDS);
  await expect.poll(async () => (await ann.getRun(last)).state).toBe('running');
  const { Pid } = await stateOf(NAME);
  await docker('stop', NAME);
  expect(await stateOf(NAME)).toMatchObject({ Pid: 0, ExitCode: 0 });
  expect(existsSync(`/proc/${Pid}`)).toBe(false);
  expect(await ann.getRun(last)).toMatchObject({ state: 'succeeded', stdout: { text: '42\n' } });
});

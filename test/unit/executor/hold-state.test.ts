import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { holdState, type StateHeld } from '../../../executor/hold-state.ts';

const HOLD_STATE = join(import.meta.dirname, '..', '..', '..', 'executor', 'hold-state.ts');

function emptyFolder(): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'causeway-hold-')));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return dir;
}

/** The command line of another process, which says what came of holding the folder, and holds it until its stdin ends. */
const holding = (dir: string, before = ''): readonly string[] => [
  process.execPath,
  '--disable-warning=ExperimentalWarning',
  '--input-type=module',
  '-e',
  `import { openSync } from 'node:fs';
   import { holdState } from '${HOLD_STATE}';
   ${before}
   console.log(JSON.stringify(await holdState('${dir}')));
   process.stdin.resume();`,
];

function tryToHold(dir: string, under: readonly string[] = [], before?: string): StateHeld {
  const [program = '', ...args] = [...under, ...holding(dir, before)];
  const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', input: '' });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as StateHeld;
}

async function held(dir: string, purpose?: 'serve' | 'sweep') {
  const state = await holdState(dir, purpose);
  if (!state.ok) throw new Error(state.reason);
  return state;
}

const inShell = (script: string) => ['sh', '-c', `${script} && exec "$@"`, 'sh'];

describe('a state folder that is served', () => {
  it.each<[string, (dir: string) => { under: readonly string[]; dir: string }]>([
    ['on the same host', (dir) => ({ under: [], dir })],
    ['in a network of its own', (dir) => ({ under: ['unshare', '--net'], dir })],
    [
      'in a container that has it elsewhere',
      (dir) => {
        const other = emptyFolder();
        const unshare = ['unshare', '--net', '--uts', '--ipc', '--mount', '--pid', '--fork'];
        return { under: [...unshare, ...inShell(`mount --bind ${dir} ${other}`)], dir: other };
      },
    ],
  ])('is refused to another %s, who learns whose it is', async (_what, other) => {
    const dir = emptyFolder();
    const state = await held(dir);
    const at = other(dir);
    expect(tryToHold(at.dir, at.under)).toEqual({
      ok: false,
      isHeld: true,
      reason: `Another executor uses ${at.dir}, process ${process.pid} of ${hostname()}. Give this one a --state of its own.`,
    });
    state.release();
    expect(tryToHold(at.dir, at.under)).toMatchObject({ ok: true, dir: at.dir });
  });

  it('stays so when files that look left over are deleted by hand', async () => {
    const dir = emptyFolder();
    const state = await held(dir);
    for (const name of readdirSync(dir)) rmSync(join(dir, name));
    for (const purpose of ['serve', 'sweep'] as const)
      expect(await holdState(dir, purpose)).toEqual({
        ok: false,
        isHeld: true,
        reason: `Another executor uses ${dir}. Give this one a --state of its own.`,
      });
    state.release();
    for (const purpose of ['serve', 'sweep'] as const) (await held(dir, purpose)).release();
  });

  it('is free at once when who has it is killed', async () => {
    const dir = emptyFolder();
    const [program = '', ...args] = holding(dir);
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    expect(await holdState(dir)).toMatchObject({ ok: false, isHeld: true });
    child.kill('SIGKILL');
    await once(child, 'exit');
    (await held(dir)).release();
  });

  it('is left alone by who would sweep it', async () => {
    const dir = emptyFolder();
    const state = await held(dir);
    expect(await holdState(dir, 'sweep')).toMatchObject({ ok: false, isHeld: true });
    state.release();
    (await held(dir, 'sweep')).release();
  });
});

it('who would serve a folder that is swept waits for the end of that', async () => {
  const dir = emptyFolder();
  const order: string[] = [];
  const sweeping = await held(dir, 'sweep');
  const serving = held(dir).then((state) => {
    order.push('served');
    state.release();
  });
  await expect
    .poll(() => existsSync(join(dir, 'served-by')) && readFileSync(join(dir, 'served-by'), 'utf8'))
    .toMatch(/^\d/);
  // Each of these takes as long as the one that waits would have taken.
  for (let times = 0; times < 5; times++) expect(await holdState(dir)).toMatchObject({ isHeld: true });
  order.push('swept');
  sweeping.release();
  await serving;
  expect(order).toEqual(['swept', 'served']);
});

it('who would serve a folder that another only looks at is not refused it', async () => {
  const dir = emptyFolder();
  const looking = spawn('flock', ['--shared', dir, 'sh', '-c', 'echo locked; read line']);
  await once(looking.stdout, 'data');
  const serving = held(dir);
  // Each of these takes as long as the other needs to find that it is looked at.
  for (let times = 0; times < 3; times++) (await held(dir, 'sweep')).release();
  looking.stdin.end();
  (await serving).release();
});

it('a process that may open no more files does not take that for another executor', () => {
  const dir = emptyFolder();
  const openAll = `try { for (;;) openSync('/dev/null'); } catch {}`;
  expect(tryToHold(dir, inShell('ulimit -n 200'), openAll)).toEqual({
    ok: false,
    isHeld: false,
    reason: `The state folder ${dir} cannot be held (EMFILE), though nobody else holds it. Too many files are open: raise the limit (LimitNOFILE of the service, fs.file-max of the host).`,
  });
});

it('a host without flock says so', () => {
  const dir = emptyFolder();
  mkdirSync(join(dir, 'programs'));
  expect(tryToHold(dir, ['env', `PATH=${join(dir, 'programs')}`])).toMatchObject({
    isHeld: false,
    reason: expect.stringMatching(
      /\(flock: ENOENT\).* This host has no flock program: install util-linux\.$/,
    ),
  });
});

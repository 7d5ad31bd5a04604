import { spawnSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

const HOLD_STATE = join(import.meta.dirname, '..', '..', '..', 'executor', 'hold-state.ts');

it('a process that may open no more files does not take that for another executor', () => {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'causeway-hold-')));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const script = `
    import { openSync } from 'node:fs';
    import { holdState } from '${HOLD_STATE}';
    try { for (;;) openSync('/dev/null'); } catch {}
    console.log(JSON.stringify(await holdState('${dir}')));
  `;
  const node = [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    '--input-type=module',
    '-e',
    script,
  ];
  const { stdout } = spawnSync('sh', ['-c', 'ulimit -n 200 && exec "$@"', 'sh', ...node], {
    encoding: 'utf8',
  });
  expect(JSON.parse(stdout)).toEqual({
    ok: false,
    isHeld: false,
    reason: `The state folder ${dir} cannot be held (EMFILE), though nobody else holds it. Too many files are open: raise the limit (LimitNOFILE of the service, fs.file-max of the host).`,
  });
});

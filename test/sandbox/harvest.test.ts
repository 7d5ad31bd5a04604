import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attack } from '../support/attack-files.ts';
import { type SandboxHost, startSandboxHost } from '../support/sandbox-host.ts';

const MIB = 1024 * 1024;

describe('only what is safe leaves /outputs', () => {
  let host: SandboxHost;
  beforeAll(async () => {
    host = await startSandboxHost({ warm: 0 });
  });
  afterAll(() => host.stop());

  const namesOf = (finished: Awaited<ReturnType<SandboxHost['run']>>) =>
    finished.outcome.outputs.map(({ name }) => name);

  it('links are refused, whatever they point at, and no byte of the host is read through one', async () => {
    const finished = await host.run(attack('outputs_links'));
    expect(namesOf(finished)).toEqual(['kept.txt']);
    const reasons = Object.fromEntries(
      finished.outcome.refused_outputs.map((each) => [each.name, each.reason]),
    );
    expect(reasons).toMatchObject({
      'passwd.txt': 'it is a symbolic link',
      'environ.txt': 'it is a symbolic link',
      'shadow.txt': 'it is a symbolic link',
      root: 'it is a symbolic link',
      'alias.txt': 'it is a symbolic link',
      'first.txt': 'it is a hard link',
      'second.txt': 'it is a hard link',
    });
    expect([...host.peer.blobs.values()].map(String).join()).not.toContain('root:');
    expect(finished.stdout).not.toContain('GOT THROUGH named pipe');
    expect(finished.stdout).not.toContain('GOT THROUGH device');
    expect(finished.stdout).not.toContain('GOT THROUGH link to the project');
  });

  it('names that could deceive are refused and shown escaped; others are kept, in one order', async () => {
    const finished = await host.run(attack('outputs_names'));
    expect(namesOf(finished)).toEqual(['-rf', '..hidden.csv', 'café.csv', 'n'.repeat(255)]);
    expect(finished.outcome.refused_outputs.map(({ name }) => name)).toEqual([
      ' space.csv',
      'back\\x5cslash.csv',
      'escape\\x1b[31m.csv',
      'new\\x0aline.csv',
      'rtl\\xe2\\x80\\xaegnp.csv',
      'zero\\xe2\\x80\\x8bwidth.csv',
      '\\xff\\xfe.csv',
    ]);
  });

  it('a sparse file of 1 TB costs nothing, and what does not fit is refused by name', async () => {
    const finished = await host.run(attack('outputs_sparse'));
    expect(finished.outcome).toMatchObject({
      state: 'output_limit',
      limit: { name: 'run_harvest_bytes', value: 64 * MIB },
    });
    expect(namesOf(finished)).toEqual(['huge.bin', 'small.txt', 'sparse.bin']);
    expect(finished.output('huge.bin')).toHaveLength(0);
    expect(finished.outcome.refused_outputs).toContainEqual({
      name: 'sparse2.bin',
      reason: 'it does not fit into what is kept of a run',
    });
  });

  it('300 files end the run as output_limit with the first 256', async () => {
    const finished = await host.run(attack('outputs_many'));
    expect(finished.outcome).toMatchObject({
      state: 'output_limit',
      limit: { name: 'run_harvest_files', value: 256 },
    });
    expect(namesOf(finished)).toEqual(
      Array.from({ length: 256 }, (_, i) => `${String(i).padStart(4, '0')}.txt`),
    );
    expect(finished.outcome.refused_outputs).toHaveLength(20);
  });

  it('thousands of nested folders are not followed', async () => {
    const finished = await host.run(attack('outputs_deep'));
    expect(finished.outcome.state).toBe('succeeded');
    expect(namesOf(finished)).toEqual(['d/d/d/d/d/d/d/file.txt', 'd/d/d/d/file.txt', 'd/file.txt']);
    expect(finished.outcome.refused_outputs).toEqual([
      { name: 'd/d/d/d/d/d/d/d', reason: 'folders deeper than 8 are not kept' },
    ]);
  });

  it('bytes, digest, order and media type of what is kept are right', async () => {
    const finished = await host.run({
      code: `import os
os.mkdir('/outputs/charts')
open('/outputs/charts/a.png', 'wb').write(b'\\x89PNG')
open('/outputs/table.csv', 'w').write('a,b\\n1,2\\n')
open('/outputs/empty', 'w').close()`,
    });
    expect(finished.outcome.outputs).toEqual([
      expect.objectContaining({ name: 'charts/a.png', bytes: 4, media_type: 'image/png' }),
      expect.objectContaining({ name: 'empty', bytes: 0, media_type: 'application/octet-stream' }),
      expect.objectContaining({ name: 'table.csv', bytes: 8, media_type: 'text/csv' }),
    ]);
    expect(finished.output('table.csv').toString()).toBe('a,b\n1,2\n');
  });
});

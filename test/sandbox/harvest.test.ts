import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SandboxHost, startSandboxHost } from '../support/sandbox-host.ts';

describe('only what is safe leaves /outputs', () => {
  let host: SandboxHost;
  beforeAll(async () => {
    host = await startSandboxHost({ warm: 0 });
  });
  afterAll(() => host.stop());

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

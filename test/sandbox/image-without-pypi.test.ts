import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureImage } from '../../infra/sandbox-image/ensure-image.ts';
import type { Progress } from '../../infra/sandbox-image/progress.ts';
import { buildTimeoutMs, cacheDir, stateDirWith } from './image-cache.ts';
import { runInImage } from './image-inside.ts';

const before = { ...process.env };

beforeAll(async () => {
  await ensureImage({ stateDir: cacheDir });
  delete process.env.PIP_FIND_LINKS;
  process.env.PIP_INDEX_URL = 'http://127.0.0.1:9/simple';
  process.env.PIP_EXTRA_INDEX_URL = '';
});

afterAll(() => {
  process.env = before;
});

test("where PyPI cannot be reached, the image has Debian's libraries and names what is absent", {
  timeout: buildTimeoutMs,
}, async () => {
  const stateDir = await stateDirWith('debs');
  const said: string[] = [];
  const onProgress = ({ says }: Progress) => said.push(says);
  const image = await ensureImage({ stateDir, onProgress });

  expect(image.manifest.absent).toEqual(['pyarrow', 'duckdb', 'polars', 'numpy-financial']);
  expect(image.manifest.absentBecause).toContain('Connection refused');
  expect(said).toContainEqual(expect.stringContaining('PyPI cannot be reached'));

  const result = await runInImage(
    image,
    `import json, numpy, pandas, scipy, scipy.stats, statsmodels, statsmodels.api, openpyxl, matplotlib
import matplotlib.pyplot as plt
plt.plot([1, 2]); plt.savefig("/outputs/chart.png")
import causeway
causeway.save(pandas.DataFrame({"a": [1]}), "a.xlsx")
modules = [numpy, pandas, scipy, statsmodels, openpyxl, matplotlib]
print(json.dumps({module.__name__: module.__version__.partition('+')[0] for module in modules}))`,
  );
  expect(result.stderr).toBe('');
  expect(JSON.parse(result.stdout)).toEqual(image.manifest.libraries);

  said.length = 0;
  expect(await ensureImage({ stateDir, onProgress })).toEqual(image);
  expect(said).toEqual([]);
});

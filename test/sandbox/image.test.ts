import { lstat, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { committedLock, ensureImage } from '../../infra/sandbox-image/ensure-image.ts';
import { parseLock } from '../../infra/sandbox-image/lock.ts';
import { recipe } from '../../infra/sandbox-image/recipe.ts';
import type { SandboxImage } from '../../infra/sandbox-image/store/image-store.ts';
import { cacheDir } from './image-cache.ts';
import { runInImage } from './image-inside.ts';

interface Entry {
  readonly name: string;
  readonly kind: 'folder' | 'file' | 'link' | 'special';
  readonly mode: number;
  readonly owner: string;
}

async function entriesOf(root: string): Promise<Entry[]> {
  const names = ['', ...(await readdir(root, { recursive: true }))];
  return Promise.all(
    names.map(async (name) => {
      const found = await lstat(path.join(root, name));
      const kind = found.isDirectory()
        ? 'folder'
        : found.isFile()
          ? 'file'
          : found.isSymbolicLink()
            ? 'link'
            : 'special';
      return { name, kind, mode: found.mode & 0o7777, owner: `${found.uid}:${found.gid}` };
    }),
  );
}

/** Names under which a distribution is imported, where they are not its own. */
const importNames: Readonly<Record<string, string>> = {
  pillow: 'PIL',
  'python-dateutil': 'dateutil',
  fonttools: 'fontTools',
  'polars-runtime-32': '_polars_runtime_32',
};

let image: SandboxImage;
let entries: Entry[];

beforeAll(async () => {
  image = await ensureImage({ stateDir: cacheDir });
  entries = await entriesOf(image.rootfsDir);
});

describe('what is in the image', () => {
  test('no file is setuid, setgid or sticky, but for /tmp', () => {
    const special = entries.filter((entry) => entry.kind !== 'link' && entry.mode & 0o7000);
    expect(special.map((entry) => entry.name)).toEqual(['tmp']);
  });

  test('nothing is writable by others, but for /tmp', () => {
    const open = entries.filter((entry) => entry.kind !== 'link' && entry.mode & 0o022);
    expect(open.map((entry) => entry.name)).toEqual(['tmp']);
  });

  test('there is no device node, socket or pipe', () => {
    expect(entries.filter((entry) => entry.kind === 'special')).toEqual([]);
  });

  test('everything belongs to root', () => {
    expect(new Set(entries.map((entry) => entry.owner))).toEqual(new Set(['0:0']));
  });

  test('there is no program but Python: no shell, no package manager', () => {
    const programs = entries.filter((entry) => /^usr\/(?:local\/)?s?bin\/./.test(entry.name));
    expect(programs.map((entry) => entry.name).sort()).toEqual(['usr/bin/python3', 'usr/bin/python3.13']);
  });

  test('the folders on which the executor mounts are there, and empty', () => {
    for (const folder of Object.keys(recipe.mountPoints)) {
      expect(
        entries.filter((entry) => entry.name === folder || entry.name.startsWith(`${folder}/`)),
      ).toHaveLength(1);
    }
  });

  test('every module is compiled', () => {
    const names = new Set(entries.map((entry) => entry.name));
    const uncompiled = [...names].filter((name) => {
      const { dir, name: module, ext } = path.parse(name);
      return ext === '.py' && !names.has(`${dir}/__pycache__/${module}.cpython-313.pyc`);
    });
    expect(uncompiled).toEqual([]);
  });
});

describe('what the image can do', () => {
  test('every locked wheel imports, in its locked version, without a network', async () => {
    const { wheels } = parseLock(await readFile(committedLock, 'utf8'));
    const wanted = wheels.map(({ name }) => [name, importNames[name] ?? name.replaceAll('-', '_')]);
    const result = await runInImage(
      image,
      `import importlib, importlib.metadata as metadata, json
found = {}
for name, module in json.loads(${JSON.stringify(JSON.stringify(wanted))}):
    importlib.import_module(module)
    found[name] = metadata.version(name)
print(json.dumps(found))`,
    );
    expect(result.stderr).toBe('');
    expect(JSON.parse(result.stdout)).toEqual(
      Object.fromEntries(wheels.map(({ name, version }) => [name, version])),
    );
  });

  test('the parts that finance models use work: Parquet, Excel, SQL, statistics, time zones', async () => {
    const result = await runInImage(
      image,
      `import duckdb, numpy, numpy_financial, pandas, polars, pyarrow, scipy.optimize, statsmodels.api as sm, zoneinfo
frame = pandas.DataFrame({"day": pandas.date_range("2026-01-01", periods=24, freq="MS", tz="Europe/Berlin"), "eur": numpy.arange(24.0)})
frame.to_parquet("/tmp/a.parquet")
assert pandas.read_parquet("/tmp/a.parquet").equals(frame)
frame.assign(day=frame.day.dt.tz_localize(None)).to_excel("/tmp/a.xlsx", index=False)
assert pandas.read_excel("/tmp/a.xlsx").eur.sum() == 276
assert duckdb.sql("select sum(eur) from '/tmp/a.parquet'").fetchall() == [(276.0,)]
assert polars.read_parquet("/tmp/a.parquet")["eur"].sum() == 276
fit = sm.OLS(frame.eur, sm.add_constant(numpy.arange(24.0))).fit()
assert abs(fit.params.iloc[1] - 1) < 1e-9
assert round(numpy_financial.irr([-100, 60, 60]), 4) == 0.1307
assert round(scipy.optimize.brentq(lambda x: x * x - 2, 0, 2), 6) == 1.414214
print("ok")`,
    );
    expect(result.stderr).toBe('');
    expect(result.stdout).toBe('ok\n');
  });

  test('the first plot uses the font list of the image and writes nothing but its output', async () => {
    const result = await runInImage(
      image,
      `import logging, os
logging.basicConfig(level=logging.INFO)
import matplotlib.pyplot as plt
plt.plot([1, 2, 3]); plt.title("Umsatz in €"); plt.savefig("/outputs/chart.png")
print(plt.get_backend(), [(f, os.path.islink(f"/tmp/.matplotlib/{f}")) for f in os.listdir("/tmp/.matplotlib")], os.listdir("/tmp"))`,
    );
    expect(result.stderr).not.toContain('fontManager');
    expect(result.stdout).toMatch(/^agg \[\('fontlist-v[\d.]+\.json', True\)\] \['\.matplotlib'\]\n$/i);
    const chart = await readFile(path.join(result.outputs, 'chart.png'));
    expect(chart.subarray(1, 4).toString()).toBe('PNG');
  });

  test('Python runs as the user of the image, whose name it knows', async () => {
    const result = await runInImage(
      image,
      'import os, pwd; print(os.getuid(), pwd.getpwuid(os.getuid()).pw_name)',
    );
    expect(result.stdout).toBe('65532 sandbox\n');
  });
});

describe('what image.json says', () => {
  test('it names each library with its version, and nothing as absent', () => {
    expect(Object.keys(image.manifest.libraries)).toEqual([...recipe.wheels]);
    expect(image.manifest.absent).toEqual([]);
  });

  test('it names Python as the image itself does', async () => {
    const result = await runInImage(image, 'import platform; print(platform.python_version())');
    expect(result.stdout.trim()).toBe(image.manifest.python);
  });
});

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ensureImage } from '../../infra/sandbox-image/ensure-image.ts';
import type { SandboxImage } from '../../infra/sandbox-image/store/image-store.ts';
import { cacheDir } from './image-cache.ts';
import { runInImage } from './image-inside.ts';

let image: SandboxImage;

beforeAll(async () => {
  image = await ensureImage({ stateDir: cacheDir });
});

const sales = 'day,eur\n2026-01-01,10.5\n2026-01-02,20\n';
const sources = {
  'data/sales/data.csv': sales,
  'data/tabbed/data.tsv': sales.replaceAll(',', '\t'),
  'data/lines/data.jsonl': '{"day":"2026-01-01","eur":10.5}\n{"day":"2026-01-02","eur":20}\n',
};

describe('the module `causeway` in a model', () => {
  test('importing it imports nothing else', async () => {
    const code =
      'import sys; before = set(sys.modules); import causeway; print(sorted(set(sys.modules) - before))';
    expect((await runInImage(image, code)).stdout).toBe("['causeway']\n");
  });

  test('parameters and seed are those of the run', async () => {
    const result = await runInImage(
      image,
      'import causeway; print(causeway.parameters["growth"], causeway.parameters is causeway.parameters, causeway.seed)',
      { 'inputs/parameters.json': '{"growth": 0.25}' },
      { CAUSEWAY_SEED: '42' },
    );
    expect(result.stdout).toBe('0.25 True 42\n');
  });

  test('a run without parameters has none, not an error', async () => {
    expect((await runInImage(image, 'import causeway; print(causeway.parameters)')).stdout).toBe('{}\n');
  });

  test('every format reads the same in pandas, DuckDB and Polars', async () => {
    const result = await runInImage(
      image,
      `import causeway
sums = set()
for name in ["sales", "tabbed", "lines"]:
    sums.add(float(causeway.data(name)["eur"].sum()))
    sums.add(float(causeway.relation(name).sum("eur").fetchall()[0][0]))
    sums.add(float(causeway.scan(name).select("eur").sum().collect().item()))
print(sums, causeway.data_path("lines"), causeway.data("sales", parse_dates=["day"]).day.dt.year.tolist())`,
      sources,
    );
    expect(result.stderr).toBe('');
    expect(result.stdout).toBe('{30.5} /data/lines/data.jsonl [2026, 2026]\n');
  });

  test('a Parquet snapshot reads in pandas, DuckDB and Polars', async () => {
    const written = await runInImage(
      image,
      'import causeway; causeway.save(causeway.data("sales"), "data.parquet")',
      sources,
    );
    const parquet = await readFile(path.join(written.outputs, 'data.parquet'));
    const result = await runInImage(
      image,
      `import causeway
print(causeway.data("p").eur.sum(), causeway.relation("p").sum("eur").fetchall()[0][0], causeway.scan("p").collect()["eur"].sum())`,
      { 'data/p/data.parquet': parquet },
    );
    expect(result.stdout).toBe('30.5 30.5 30.5\n');
  });

  test.each(['salse', '../inputs', '..', '', 'sales/../sales'])(
    'a data source %j that the run does not have is named, with those that it has',
    async (name) => {
      const result = await runInImage(
        image,
        `import causeway; causeway.data(${JSON.stringify(name)})`,
        sources,
      );
      expect(result.exitCode).toBe(1);
      expect(result.stderr).toContain('has no data source');
      expect(result.stderr).toContain('it has: lines, sales, tabbed');
    },
  );

  test('tables of every library, and figures, are saved by the ending of their name', async () => {
    const result = await runInImage(
      image,
      `import causeway, pandas, matplotlib.pyplot as plt
frame = causeway.data("sales")
for ending in ["csv", "tsv", "jsonl", "json", "parquet", "xlsx"]:
    causeway.save(frame, f"pandas.{ending}")
causeway.save(causeway.scan("sales").collect(), "polars.csv")
causeway.save(causeway.relation("sales"), "duckdb.csv")
causeway.save(frame.groupby("day").eur.sum(), "grouped.csv")
figure, axes = plt.subplots(); axes.plot(frame.eur)
print(causeway.save(figure, "charts/revenue.png"))`,
      sources,
    );
    expect(result.stderr).toBe('');
    expect(result.stdout).toBe('/outputs/charts/revenue.png\n');
    const saved = (name: string) => readFile(path.join(result.outputs, name), 'utf8');
    expect(await saved('pandas.csv')).toBe('day,eur\n2026-01-01,10.5\n2026-01-02,20.0\n');
    expect(await saved('grouped.csv')).toBe(await saved('pandas.csv'));
    expect(await saved('polars.csv')).toBe(await saved('pandas.csv'));
    expect(JSON.parse(await saved('pandas.json'))).toEqual([
      { day: '2026-01-01', eur: 10.5 },
      { day: '2026-01-02', eur: 20 },
    ]);
    expect((await saved('pandas.xlsx')).startsWith('PK')).toBe(true);
    expect((await saved('charts/revenue.png')).slice(1, 4)).toBe('PNG');
  });

  test.each([
    '../escape.csv',
    '/etc/passwd',
    '',
    'a//b.csv',
    './a.csv',
    'line\nbreak.csv',
    'nul\0.csv',
    `${'x'.repeat(256)}.csv`,
  ])('an output named %j is refused', async (name) => {
    const code = `import causeway, json; causeway.output(json.loads(${JSON.stringify(JSON.stringify(name))}))`;
    const result = await runInImage(image, code);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toMatch(/ValueError/);
  });

  test('progress goes to its own descriptor as one line a report, and never to stdout', async () => {
    const result = await runInImage(
      image,
      'import causeway; causeway.progress(1, 3, "loaded"); causeway.progress(2.5, 3, "x" * 9999); causeway.progress(7)',
    );
    expect(result.stdout).toBe('');
    const lines = result.progress
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(lines).toEqual([
      { done: 1, total: 3, message: 'loaded' },
      { done: 2.5, total: 3, message: 'x'.repeat(300) },
      { done: 7 },
    ]);
  });

  test('progress that nobody listens to does not end the run, and what is no number is refused', async () => {
    const closed = await runInImage(
      image,
      'import causeway; causeway.progress(1); print("on")',
      {},
      { CAUSEWAY_PROGRESS_FD: '77' },
    );
    expect(closed.stdout).toBe('on\n');
    const wrong = await runInImage(image, 'import causeway; causeway.progress(float("nan"))');
    expect(wrong.stderr).toContain('finite numbers');
  });
});

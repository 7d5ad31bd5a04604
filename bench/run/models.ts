import type { InputFile } from './place-inputs.ts';

/** The files and the data of the two models that `bench run` measures. */
export interface BenchModel {
  readonly name: 'print' | 'pandas';
  readonly path: string;
  readonly source: string;
  /** Data sources that it reads. */
  readonly data: readonly string[];
  /** What the whole call is to take at most, as median, in ms. */
  readonly targetMs: number;
}

export const SALES = 'sales';

const PANDAS = `import pandas

sales = pandas.read_csv("/data/${SALES}/data.csv", parse_dates=["day"])
sales["month"] = sales["day"].dt.to_period("M").astype(str)
totals = sales.groupby(["month", "product"], as_index=False)["revenue"].sum()
totals.to_csv("/outputs/totals.csv", index=False)
print(f"{len(sales)} sales, {totals['revenue'].sum():.2f} in all")
`;

export const MODELS: readonly BenchModel[] = [
  { name: 'print', path: 'hello.py', source: 'print(1)\n', data: [], targetMs: 40 },
  { name: 'pandas', path: 'totals.py', source: PANDAS, data: [SALES], targetMs: 60 },
];

const PRODUCTS = ['basic', 'team', 'enterprise'];
const DAYS = 730;
const FIRST_DAY_MS = Date.UTC(2024, 0, 1);
const DAY_MS = 86_400_000;

/** Two years of daily sales of three products: 2,190 rows, some 60 KiB, the same each time. */
export function salesCsv(): string {
  const rows = Array.from({ length: DAYS }, (_, day) =>
    PRODUCTS.map((product, index) => {
      const date = new Date(FIRST_DAY_MS + day * DAY_MS).toISOString().slice(0, 10);
      const revenue = (index + 1) * 1000 + ((day * 37 + index * 101) % 500) + day / 10;
      return `${date},${product},${revenue.toFixed(2)}`;
    }),
  ).flat();
  return `day,product,revenue\n${rows.join('\n')}\n`;
}

export function inputsOf(model: BenchModel): InputFile[] {
  return [
    { path: `/repo/${model.path}`, text: model.source },
    ...model.data.map((): InputFile => ({ path: `/data/${SALES}/data.csv`, text: salesCsv() })),
  ];
}

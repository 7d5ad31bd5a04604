import { expect, test } from 'vitest';
import { explainFault } from '../../../worker/data/explain-fault.ts';
import { describeAll } from './run-describer.ts';

test('an image without pyarrow refuses Parquet with the way out, and still describes text', () => {
  const [parquet, csv] = describeAll(
    [
      { format: 'parquet', data: 'PAR1' },
      { format: 'csv', data: 'a\n1\n' },
    ],
    "import sys\n\nsys.modules['pyarrow'] = None",
  );
  expect(parquet).toEqual({ ok: false, fault: { reason: 'no_parquet_reader' } });
  expect(explainFault({ reason: 'no_parquet_reader' }, 'parquet').hint).toContain('CSV');
  expect(csv).toMatchObject({ ok: true, description: { row_count: 1 } });
});

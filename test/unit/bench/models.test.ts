import { describe, expect, it } from 'vitest';
import { MODELS, salesCsv } from '../../../bench/run/models.ts';

describe('what bench run measures', () => {
  it('the data is the same each time, and large enough to be work', () => {
    expect(salesCsv()).toBe(salesCsv());
    expect(salesCsv().trimEnd().split('\n')).toHaveLength(1 + 730 * 3);
  });

  it('one model is a bare print, the other reads the data and leaves a CSV', () => {
    const [print, pandas] = MODELS;
    expect(print?.source).toBe('print(1)\n');
    expect(print?.data).toEqual([]);
    expect(pandas?.source).toMatch(/read_csv\("\/data\/sales\/data\.csv"/);
    expect(pandas?.source).toMatch(/to_csv\("\/outputs\//);
  });
});

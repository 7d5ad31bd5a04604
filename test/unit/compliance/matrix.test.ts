import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readMatrix } from '../../../cli/compliance/matrix.ts';
import { printMatrix } from '../../../cli/compliance/print-matrix.ts';
import { STANDARDS, type StandardId } from '../../../cli/compliance/standards.ts';
import { readGuarantees } from '../../../cli/guarantees/read-guarantees.ts';
import { ROOT_DIR } from '../../../cli/stack/state-paths.ts';

const read = (path: string) => readFileSync(join(ROOT_DIR, path), 'utf8');
const ROW = {
  standard: 'owasp_top10',
  id: 'A01:2025',
  what: 'Broken access control',
  state: 'met',
  guarantees: ['G1'],
  tests: [],
  says: '',
};
const matrix = (...rows: object[]) => JSON.stringify({ rows });

test('the matrix of this repository is sound, and each of its rows leads to tests that exist', () => {
  const guarantees = readGuarantees(read('SECURITY.md'));
  const { rows } = readMatrix(read('compliance/matrix.json'));
  expect(new Set(rows.map(({ standard }) => standard))).toEqual(new Set(Object.keys(STANDARDS)));
  expect(() => printMatrix({ rows }, guarantees)).not.toThrow();
  for (const file of rows.flatMap(({ tests }) => tests)) expect(() => read(file)).not.toThrow();
});

describe('an id of an earlier edition, or of none, is refused', () => {
  test.each<[StandardId, string]>([
    ['soc2', 'CC6.9'],
    ['soc2', 'CC6'],
    ['soc2', 'CC6.01'],
    ['iso27001', 'A.12.4.1'],
    ['iso27001', 'A.9.1'],
    ['iso27001', 'A.8.35'],
    ['iso27001', '8.24'],
    ['owasp_top10', 'A01:2021'],
    ['owasp_top10', 'A1:2017'],
    ['owasp_top10', 'A11:2025'],
    ['owasp_api', 'API1:2019'],
    ['owasp_api', 'API11:2023'],
    ['nist_csf', 'PR.AC-1'],
    ['nist_csf', 'PR.AC-01'],
    ['nist_csf', 'PR.AA-1'],
    ['nist_csf', 'PR.DS-3'],
    ['nist_csf', 'DE.CM-04'],
    ['asvs', 'v4.0.3-2.1.1'],
    ['asvs', 'V2.1.1'],
    ['asvs', '6.2.4'],
    ['asvs', 'v5.0.0-18.1.1'],
    ['asvs', 'v5.0.0-9.3.1'],
  ])('%s %s', (standard, id) => {
    expect(() => readMatrix(matrix({ ...ROW, standard, id }))).toThrow(`${id} is no id of that edition`);
  });
});

test.each<[string, string, string]>([
  ['what is met without a guarantee', matrix({ ...ROW, guarantees: [] }), 'names a guarantee or test'],
  ['what is not met without a reason', matrix({ ...ROW, state: 'not', guarantees: [] }), 'says why'],
  ['a row twice', matrix(ROW, ROW), 'twice'],
  ['a field that nobody knows', matrix({ ...ROW, certified: true }), 'certified'],
])('%s is refused', (_what, text, finding) => {
  expect(() => readMatrix(text)).toThrow(finding);
});

test('a guarantee that SECURITY.md does not have is refused', () => {
  expect(() => printMatrix(readMatrix(matrix({ ...ROW, guarantees: ['Z9'] })), [])).toThrow('Z9');
});

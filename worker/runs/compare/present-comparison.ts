import type { Comparison } from '../compare-runs.ts';
import type { Difference } from './compare-json.ts';
import type { NamedChange } from './compare-manifests.ts';

const CHANGES_MAX = 50;
const VALUE_CHARS_MAX = 200;

/** A comparison as compare_runs answers it, every list bounded, with one sentence that says the essence. Pure. */
export function presentComparison({ a, b, inputs, outputs, tables }: Comparison) {
  const environment = inputs.environment;
  const sameInputs = [inputs.code, inputs.parameters, inputs.data, environment].every(
    ({ length }) => length === 0,
  );
  const isLogKept = [a, b].every(({ outcome }) => outcome?.expired?.log_at === undefined);
  const printedTheSame =
    isLogKept &&
    a.outcome?.stdout.sha256 === b.outcome?.stdout.sha256 &&
    a.outcome?.stdout.inline === b.outcome?.stdout.inline;
  const sameOutputs = outputs.length === 0 && printedTheSame && a.state === b.state;
  return {
    summary: summarize(sameInputs, sameOutputs, { a, b, inputs, outputs, tables }),
    state_a: a.state,
    state_b: b.state,
    same_inputs: sameInputs,
    same_outputs: sameOutputs,
    same_stdout: printedTheSame,
    code: inputs.code.slice(0, CHANGES_MAX).map(changeText),
    parameters: inputs.parameters.slice(0, CHANGES_MAX).map(differenceText),
    data: inputs.data.slice(0, CHANGES_MAX).map(changeText),
    environment: environment.slice(0, CHANGES_MAX).map(differenceText),
    outputs: outputs.slice(0, CHANGES_MAX).map(changeText),
    tables: tables.map((table) => ({ ...table, columns: [...table.columns] })),
  };
}

function summarize(sameInputs: boolean, sameOutputs: boolean, { a, b, inputs, outputs }: Comparison): string {
  if (a.outcome === null || b.outcome === null) return 'A run that is compared has not ended yet.';
  const made = sameInputs
    ? 'Made of the same code, parameters, data and image'
    : `They differ in ${differing(inputs).join(', ')}`;
  if (sameOutputs) return `${made}; what they left is identical, byte by byte.`;
  const expired = [a, b].some(({ outcome }) => outcome?.expired?.log_at !== undefined);
  if (expired && outputs.length === 0 && a.state === b.state)
    return `${made}; their files are identical, byte by byte; what was printed is not kept any more.`;
  const states = a.state === b.state ? '' : `one ${a.state} and the other ${b.state}, `;
  return `${made}; ${states}${outputs.length} of their outputs differ.`;
}

function differing(inputs: Comparison['inputs']): string[] {
  return Object.entries(inputs)
    .filter(([, differences]) => differences.length > 0)
    .map(([name]) => name);
}

function changeText({ name, change }: NamedChange): string {
  return change === 'changed'
    ? `${name}: changed`
    : `${name}: only in ${change === 'only_a' ? 'run_a' : 'run_b'}`;
}

function differenceText({ at, a, b }: Difference): string {
  return `${at || '(all)'}: ${valueText(a)} → ${valueText(b)}`;
}

function valueText(value: unknown): string {
  const text = value === undefined ? '(absent)' : JSON.stringify(value);
  return text.length > VALUE_CHARS_MAX ? `${text.slice(0, VALUE_CHARS_MAX)}…` : text;
}

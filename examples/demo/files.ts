import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Files of examples/ by the path that they get in the demo's project. */
export const MODELS = {
  'forecast.py': 'revenue-forecast/forecast.py',
  'trend.py': 'employment-trend/trend.py',
  'receipts.py': 'federal-receipts/receipts.py',
  'delays.py': 'flight-delays/delays.py',
  'valuation.py': 'valuation/valuation.py',
  'margin.py': 'demo/models/margin.py',
  'escape.py': 'demo/models/escape.py',
  'endless.py': 'demo/models/endless.py',
} as const;

export type ModelPath = keyof typeof MODELS;

export function modelText(path: ModelPath): string {
  return exampleText(MODELS[path]);
}

export function exampleText(path: string): string {
  return readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
}

/** A data file of the npm package vega-datasets; examples/README.md names sources and licences. */
export function vegaFile(name: string): string {
  return fileURLToPath(new URL(`../../node_modules/vega-datasets/data/${name}`, import.meta.url));
}

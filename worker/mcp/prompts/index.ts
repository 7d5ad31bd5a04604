import type { Prompt } from '../prompt.ts';
import { buildForecast } from './build-forecast.ts';
import { compareTwoRuns } from './compare-two-runs.ts';
import { explainRun } from './explain-run.ts';
import { exploreData } from './explore-data.ts';
import { tryScenarios } from './try-scenarios.ts';

/** Every prompt, in the order in which clients list them: the usual jobs. */
export const PROMPTS: readonly Prompt[] = [
  exploreData,
  buildForecast,
  tryScenarios,
  explainRun,
  compareTwoRuns,
];

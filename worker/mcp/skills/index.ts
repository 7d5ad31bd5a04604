import FORECAST_A_SERIES from './forecast-a-series.md';
import MEND_A_RUN from './mend-a-run.md';
import READ_DATA from './read-data.md';
import { readSkill } from './skill.ts';
import TABLES_AND_CHARTS from './tables-and-charts.md';
import WRITE_A_MODEL from './write-a-model.md';

/** Every skill, in the order in which clients list them. */
export const SKILLS = [WRITE_A_MODEL, READ_DATA, FORECAST_A_SERIES, TABLES_AND_CHARTS, MEND_A_RUN].map(
  readSkill,
);

import type { ResourceFamily } from '../resource.ts';
import { SKILL_RESOURCES } from '../skills/resources.ts';
import { comparison } from './comparison.ts';
import { dataSource } from './data-source.ts';
import { projectFile } from './project-file.ts';
import { runResource } from './run.ts';
import { runOutput } from './run-output.ts';
import { runStderr, runStdout } from './run-stream.ts';

/** Every family of resources, in the order in which clients list them. */
export const RESOURCES: readonly ResourceFamily[] = [
  ...SKILL_RESOURCES,
  projectFile,
  dataSource,
  runResource,
  runStdout,
  runStderr,
  runOutput,
  comparison,
];

import type { Tool } from '../tool.ts';
import { archiveProjectTool } from './archive-project.ts';
import { cancelRunTool } from './cancel-run.ts';
import { compareRunsTool } from './compare-runs.ts';
import { createProjectTool } from './create-project.ts';
import { createUploadTool } from './create-upload.ts';
import { describeData } from './describe-data.ts';
import { diffFiles } from './diff-files.ts';
import { editFile } from './edit-file.ts';
import { getRun } from './get-run.ts';
import { getRunOutputTool } from './get-run-output.ts';
import { importDataTool } from './import-data.ts';
import { listCommits } from './list-commits.ts';
import { listDataSources } from './list-data-sources.ts';
import { listFiles } from './list-files.ts';
import { listProjects } from './list-projects.ts';
import { listRunsTool } from './list-runs.ts';
import { readFileTool } from './read-file.ts';
import { runCode } from './run-code.ts';
import { runModel } from './run-model.ts';
import { whoami } from './whoami.ts';
import { writeFiles } from './write-files.ts';

/** Every tool, in the order in which clients list them. */
export const TOOLS: readonly Tool[] = [
  whoami,
  listProjects,
  createProjectTool,
  archiveProjectTool,
  listFiles,
  readFileTool,
  writeFiles,
  editFile,
  listCommits,
  diffFiles,
  runModel,
  runCode,
  getRun,
  listRunsTool,
  cancelRunTool,
  getRunOutputTool,
  compareRunsTool,
  listDataSources,
  describeData,
  importDataTool,
  createUploadTool,
];

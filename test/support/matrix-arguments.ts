/** What the calls of the matrix name: things of Acme that exist. */
export interface MatrixWorld {
  readonly project: string;
  readonly run: string;
  readonly otherRun: string;
}

/** Stands in all that Acme holds and in no argument: who is not of Acme must never be sent it. */
export const MARKER = 'harbour-7431';
export const DATA_SOURCE = 'quays';
/** What each run of `model.py` leaves. */
export const OUTPUT = 'left.txt';

/** A file for each caller to edit, so that no two calls meet in one. */
export const editedPath = (caller: number) => `edited-${caller}.md`;

/**
 * The smallest arguments by which each tool does its work on Acme's project. `caller` makes what is added unique. The
 * matrix fails for a tool that has no entry here, and for an entry that its tool does not accept.
 */
export function toolArguments(
  world: MatrixWorld,
  caller: number,
): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  const { project, run, otherRun } = world;
  return {
    whoami: {},
    list_projects: {},
    create_project: { name: `Added ${caller}` },
    archive_project: { project },
    list_files: { project },
    read_file: { project, path: 'model.py' },
    write_files: {
      project,
      files: [{ path: `written-${caller}.md`, content: 'x' }],
      message: 'Write a file',
    },
    edit_file: { project, path: editedPath(caller), old_text: 'before', new_text: 'after' },
    list_commits: { project },
    diff_files: { project },
    run_model: { project, path: 'model.py', parameters: { caller }, wait_seconds: 0 },
    run_code: { project, code: `print(${caller})`, wait_seconds: 0 },
    get_run: { run },
    list_runs: { project },
    cancel_run: { run },
    get_run_output: { run, name: 'stdout' },
    compare_runs: { run_a: run, run_b: otherRun },
    list_data_sources: { project },
    describe_data: { project, name: DATA_SOURCE },
    import_data: { project, name: `added_${caller}`, format: 'csv', text: 'a,b\n1,2\n' },
    create_upload: { project, name: `sent_${caller}`, format: 'csv', bytes: 8 },
  };
}

/** A value for each variable that a template may have. */
export function resourceVariables({ project, run, otherRun }: MatrixWorld): Readonly<Record<string, string>> {
  return {
    ...{ project, path: 'model.py', source: DATA_SOURCE },
    ...{ run, name: OUTPUT, run_a: run, run_b: otherRun },
  };
}

/** The same for each prompt. */
export function promptArguments({
  project,
  run,
  otherRun,
}: MatrixWorld): Readonly<Record<string, Readonly<Record<string, string>>>> {
  return {
    explore_data: { project, source: DATA_SOURCE },
    build_forecast: { project, source: DATA_SOURCE },
    try_scenarios: { project, path: 'model.py' },
    explain_run: { run },
    compare_two_runs: { run_a: run, run_b: otherRun },
  };
}

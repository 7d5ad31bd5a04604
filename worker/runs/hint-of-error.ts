import type { RecordedOutcome } from '../../protocol/outcome.ts';

const NO_NETWORK =
  'A run has no network: bring data with import_data or create_upload, and read it from /data.';
const HINTS: ReadonlyMap<string, string> = new Map([
  ['ModuleNotFoundError', 'Nothing can be installed: whoami lists the packages. The project is on sys.path.'],
  ['PermissionError', 'Only /outputs and /tmp can be written; causeway.output(name) gives a path there.'],
  [
    'FileNotFoundError',
    'Data lies at /data/<name>/ (causeway.data(name) reads it; list_data_sources shows the names), the project at /repo. There is no shell, and no program but Python.',
  ],
  ['gaierror', NO_NETWORK],
  ['URLError', NO_NETWORK],
]);

/** What to do about an error that comes of the sandbox rather than of the program; null for any other. Pure. */
export function hintOfError({ error }: Pick<RecordedOutcome, 'error'>): string | null {
  // Python names the module of a type that is not built in: socket.gaierror.
  return HINTS.get(error?.type.split('.').at(-1) ?? '') ?? null;
}

import { z } from 'zod';
import { describeQuantity } from '../../../protocol/describe-quantity.ts';
import { LIMITS, limit } from '../../../protocol/limits.ts';
import type { ProjectRow } from '../../database/projects.ts';
import { Refusal } from '../../http/refusal.ts';
import { messageText } from '../../input/text-schemas.ts';
import type { ChangeKind } from '../../projects/change-files.ts';
import { type CommitMade, commitChanges, type NewContent } from '../../projects/commit-changes.ts';
import { acceptedPath } from '../../projects/find-project.ts';
import { idempotencyKey, idempotencyOf } from '../../tenants/idempotency.ts';
import type { Confirm } from '../confirm/confirm.ts';
import { commitAnswer, filePath, projectReference } from '../schemas.ts';
import { ADDS, defineTool } from '../tool.ts';

const FILES_MAX = 200;
/** So many files that are there already may be replaced or deleted by one call without asking. */
const UNASKED_FILES_MAX = 10;
const PATHS_SHOWN = 20;

const input = z.object({
  project: projectReference,
  files: z
    .array(z.object({ path: filePath, content: z.string().optional(), delete: z.literal(true).optional() }))
    .min(1)
    .max(FILES_MAX)
    .describe('Each with its whole content, or delete: true'),
  message: messageText.describe('Commit message: what and why'),
  expected_commit: z
    .string()
    .regex(/^[0-9a-f]{7,40}$/)
    .optional()
    .describe('The commit you last saw: refuses if a file you touch changed since'),
  idempotency_key: idempotencyKey,
});

export const writeFiles = defineTool({
  name: 'write_files',
  title: 'Write files',
  description:
    'Writes and deletes files in one atomic commit. For new files and rewrites; edit_file for a small change. A file up to 1 MiB, a call 6 MiB.',
  input,
  output: commitAnswer,
  needs: { scopes: ['projects:write'], role: 'member' },
  annotations: { ...ADDS, destructiveHint: true },
  danger: 'replaces or deletes many files at once',
  async run(given, { platform, principal, confirm }) {
    const contents = acceptFiles(given.files);
    const made = await commitChanges(platform, principal, {
      project: given.project,
      message: given.message,
      change: () => contents,
      confirm: (project, changes) => confirmMany(confirm, project, changes),
      expectedCommit: given.expected_commit,
      idempotency: await idempotencyOf('write_files', given.idempotency_key, given),
    });
    return { structured: { ...made, changes: [...made.changes] } };
  },
});

/** History keeps every file, so a person is asked only about a call that takes away more than could be meant by a slip. */
async function confirmMany(
  confirm: Confirm,
  { id, name }: ProjectRow,
  changes: CommitMade['changes'],
): Promise<void> {
  const paths = (kind: ChangeKind) =>
    changes.filter((change) => change.kind === kind).map(({ path }) => path);
  const [replaced, deleted] = [paths('modified'), paths('deleted')];
  if (replaced.length + deleted.length <= UNASKED_FILES_MAX) return;
  await confirm({
    question: `Replace ${replaced.length} files and delete ${deleted.length} in the project \`${name}\`? Earlier versions stay in its history.`,
    effect: {
      project: id,
      replaces: { files: replaced.length, first: replaced.slice(0, PATHS_SHOWN) },
      deletes: { files: deleted.length, first: deleted.slice(0, PATHS_SHOWN) },
    },
  });
}

function acceptFiles(files: z.infer<typeof input>['files']): NewContent[] {
  const seen = new Set<string>();
  let total = 0;
  return files.map((file) => {
    const path = acceptedPath(file.path);
    if (seen.has(path))
      throw new Refusal('invalid_arguments', `\`${path}\` is given twice.`, { hint: 'Give each path once.' });
    seen.add(path);
    if ((file.content === undefined) === (file.delete === undefined)) {
      throw new Refusal('invalid_arguments', `\`${path}\` needs either content or delete: true.`);
    }
    const content = file.content ?? null;
    if (content !== null && !content.isWellFormed()) {
      throw new Refusal('invalid_arguments', `The content of \`${path}\` is not well-formed Unicode.`);
    }
    total += acceptSize(path, content);
    if (total > limit('write_files_bytes')) throw tooLarge('The whole of this call', 'write_files_bytes');
    return { path, content };
  });
}

function acceptSize(path: string, content: string | null): number {
  if (content === null) return 0;
  const bytes = new TextEncoder().encode(content).byteLength;
  if (bytes > limit('file_bytes')) throw tooLarge(`\`${path}\``, 'file_bytes');
  return bytes;
}

function tooLarge(subject: string, name: 'file_bytes' | 'write_files_bytes'): Refusal {
  return new Refusal(
    'file_too_large',
    `${subject} is over ${describeQuantity(limit(name), LIMITS[name].unit)}; nothing was written.`,
    {
      hint: 'Data belongs in import_data or create_upload; a model reads it from /data.',
      details: { limit: name, value: limit(name) },
    },
  );
}

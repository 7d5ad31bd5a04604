import { z } from 'zod';
import { describeQuantity } from '../../../protocol/describe-quantity.ts';
import { limit } from '../../../protocol/limits.ts';
import { Refusal } from '../../http/refusal.ts';
import { messageText } from '../../input/text-schemas.ts';
import { commitChanges } from '../../projects/commit-changes.ts';
import { editText } from '../../projects/edit-text.ts';
import { acceptedPath, foundCommit, foundFile } from '../../projects/find-project.ts';
import { readBlobText } from '../../projects/read-blob.ts';
import { idempotencyKey, idempotencyOf } from '../../tenants/idempotency.ts';
import { commitAnswer, filePath, projectReference } from '../schemas.ts';
import { ADDS, defineTool } from '../tool.ts';

const TEXT_CHARS_MAX = 256 * 1024;

export const editFile = defineTool({
  name: 'edit_file',
  title: 'Edit a file',
  description:
    'Replaces an exact piece of text in the newest version of a file and commits it. old_text must occur exactly expected_count times.',
  input: z.object({
    project: projectReference,
    path: filePath,
    old_text: z.string().min(1).max(TEXT_CHARS_MAX),
    new_text: z.string().max(TEXT_CHARS_MAX),
    expected_count: z.number().int().min(1).max(1000).default(1),
    message: messageText.optional().describe('Of the commit'),
    idempotency_key: idempotencyKey,
  }),
  output: commitAnswer,
  needs: { scopes: ['projects:write'], role: 'member' },
  annotations: { ...ADDS, destructiveHint: true },
  async run(input, { platform, principal }) {
    const path = acceptedPath(input.path);
    const made = await commitChanges(platform, principal, {
      project: input.project,
      message: input.message ?? `Edit ${path}`,
      async change(head) {
        const entry = foundFile(foundCommit(head, undefined), path);
        const text = await readBlobText(platform, principal.tenantId, entry);
        const content = editText(text, {
          path,
          oldText: input.old_text,
          newText: input.new_text,
          expectedCount: input.expected_count,
        });
        if (new TextEncoder().encode(content).byteLength > limit('file_bytes')) {
          throw new Refusal(
            'file_too_large',
            `\`${path}\` would be over ${describeQuantity(limit('file_bytes'), 'bytes')}; nothing was written.`,
            {
              details: { limit: 'file_bytes' },
            },
          );
        }
        return [{ path, content }];
      },
      expectedCommit: undefined,
      idempotency: await idempotencyOf('edit_file', input.idempotency_key, input),
    });
    return { structured: { ...made, changes: [...made.changes] } };
  },
});

import { Refusal } from '../http/refusal.ts';

/** What is replaced in a file; `path` is for messages. */
export interface TextEdit {
  readonly path: string;
  readonly oldText: string;
  readonly newText: string;
  readonly expectedCount: number;
}

/** `text` with each occurrence of the old text replaced. Refuses where there are not exactly `expectedCount` of them. */
export function editText(text: string, { path, oldText, newText, expectedCount }: TextEdit): string {
  const parts = text.split(oldText);
  const count = parts.length - 1;
  if (count === expectedCount) return parts.join(newText);
  if (count === 0) {
    throw new Refusal('text_not_found', `The old text is not in \`${path}\`; nothing was written.`, {
      hint: 'It must match exactly, with white space and line ends; read_file shows the file as it is.',
      details: { count },
    });
  }
  throw new Refusal(
    'text_not_found',
    `The old text is ${count} times in \`${path}\`, not ${expectedCount}; nothing was written.`,
    {
      hint: `Give more of the text around it, or set expected_count to ${count} to replace all.`,
      details: { count },
    },
  );
}

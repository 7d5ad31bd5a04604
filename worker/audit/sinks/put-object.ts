import type { ClaimedBatch } from '../../database/audit-sinks.ts';
import type { Exits } from '../../outbound/guarded-fetch.ts';
import { sendOutside } from '../../outbound/send-outside.ts';
import { type AwsKey, signAws } from '../../outbound/sign-aws.ts';
import { linesOf, nameOf } from './batch-lines.ts';
import { readAnswer } from './read-answer.ts';

/** Puts a batch into its bucket as an object of its own. The reason why it is not there, or null. */
export async function putObject(batch: ClaimedBatch, exits: Exits, key: AwsKey): Promise<string | null> {
  const url = new URL(nameOf(batch), batch.url).href;
  const object = {
    method: 'PUT',
    headers: { 'content-type': 'application/jsonl' },
    body: linesOf(batch),
  } as const;
  return sendOutside(url, exits, await signAws(key, 's3', url, object), judge);
}

/** What S3 says of itself: the code of its error. */
async function judge(response: Response): Promise<string | null> {
  if (response.ok) return null;
  const bytes = await readAnswer(response);
  const said = bytes === null ? '' : new TextDecoder().decode(bytes);
  const [, code] = /<Code>([A-Za-z]{1,60})<\/Code>/.exec(said) ?? [];
  return code ?? `http_${response.status}`;
}

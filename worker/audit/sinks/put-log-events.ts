import { z } from 'zod';
import type { ClaimedBatch } from '../../database/audit-sinks.ts';
import { readJson } from '../../input/parse-json.ts';
import type { Exits } from '../../outbound/guarded-fetch.ts';
import { sendOutside } from '../../outbound/send-outside.ts';
import { type AwsKey, signAws } from '../../outbound/sign-aws.ts';
import { readAnswer } from './read-answer.ts';

const NO_STREAM = 'ResourceNotFoundException';
const ALREADY_THERE = 'ResourceAlreadyExistsException';
const said = z.object({ __type: z.string(), rejectedLogEventsInfo: z.unknown() }).partial();

/**
 * Puts a batch into its stream of CloudWatch Logs, which is made where it is missing; its group is the owner's to make. Each event
 * is dated when it is sent and carries its own date in its text: CloudWatch refuses what is out of order or older than two
 * weeks, and says of some of that only in an answer of 200. The reason why it is not there, or null.
 */
export async function putLogEvents(
  batch: ClaimedBatch,
  exits: Exits,
  key: AwsKey,
  nowMs: number,
): Promise<string | null> {
  const { url, settings, entries } = batch;
  const stream = { logGroupName: settings.log_group, logStreamName: settings.log_stream };
  const call = async (operation: string, input: object) => {
    const asked = {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `Logs_20140328.${operation}`,
      },
      body: JSON.stringify(input),
    } as const;
    return sendOutside(url, exits, await signAws(key, 'logs', url, asked), judge);
  };
  const put = () =>
    call('PutLogEvents', {
      ...stream,
      logEvents: entries.map((message) => ({ timestamp: nowMs, message })),
    });
  const failure = await put();
  if (failure !== NO_STREAM) return failure;
  const made = await call('CreateLogStream', stream);
  return made === null || made === ALREADY_THERE ? put() : made;
}

/** What CloudWatch says of itself: the name of its exception, or that it took not all. */
async function judge(response: Response): Promise<string | null> {
  const bytes = await readAnswer(response);
  const read = bytes === null || bytes.byteLength === 0 ? null : readJson(bytes);
  const { __type: type, rejectedLogEventsInfo: rejected } =
    said.safeParse(read?.ok === true ? read.value : null).data ?? {};
  if (response.ok) return rejected === undefined || rejected === null ? null : 'rejected_events';
  const [name] = /[A-Za-z]{1,60}$/.exec(type ?? '') ?? [];
  return name ?? `http_${response.status}`;
}

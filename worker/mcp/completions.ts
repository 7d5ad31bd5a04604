import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import { Refusal } from '../http/refusal.ts';
import type { Needs } from '../tenants/principal.ts';
import { type Begun, COMPLETIONS_MAX, type Completer, type Completers } from './completer.ts';
import type { Offer } from './offer.ts';
import { protocolRefusal } from './protocol-refusal.ts';
import { accepted, asRecord, type RequestKind, refused } from './request-kind.ts';
import type { ToolContext } from './tool.ts';

const PREFIX_CHARS_MAX = 1024;

/** `completion/complete`. It needs what the resource or prompt needs that is completed. */
export const completions: RequestKind = {
  audited: { action: 'completion.get', kind: 'completion' },
  inputOf: (params) => ({ ref: asRecord(params).ref, argument: asRecord(params).argument }),
  judge(params, offer) {
    const { ref, argument, context } = asRecord(params);
    const completed = findCompleted(asRecord(ref), offer);
    if (completed === null)
      return refused(
        new ProtocolError(ProtocolErrorCode.InvalidParams, 'There is nothing to complete by this ref.'),
      );
    const { name, value } = asRecord(argument);
    const begun = {
      prefix: text(value).slice(0, PREFIX_CHARS_MAX),
      known: texts(asRecord(context).arguments),
    };
    const completer =
      typeof name === 'string' && Object.hasOwn(completed.complete, name)
        ? completed.complete[name]
        : undefined;
    return accepted({
      target: completed.name,
      needs: completed.needs,
      run: async (context) => ({ completion: await complete(completer, begun, context) }),
    });
  },
  refuse(refusal, requestId) {
    throw protocolRefusal(refusal, requestId);
  },
};

interface Completed {
  readonly name: string;
  readonly needs: Needs;
  readonly complete: Completers;
}

function findCompleted(ref: Readonly<Record<string, unknown>>, offer: Offer): Completed | null {
  if (ref.type === 'ref/prompt') return offer.findPrompt(text(ref.name)) ?? null;
  if (ref.type === 'ref/resource') return offer.findFamily(text(ref.uri)) ?? null;
  return null;
}

async function complete(completer: Completer | undefined, begun: Begun, context: ToolContext) {
  const values = completer === undefined ? [] : await unlessAbsent(completer(begun, context));
  const isMore = values.length > COMPLETIONS_MAX;
  return {
    values: values.slice(0, COMPLETIONS_MAX),
    ...(isMore ? {} : { total: values.length }),
    hasMore: isMore,
  };
}

/** A project or run that is absent, another's, or withheld completes to nothing. */
async function unlessAbsent(values: Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await values;
  } catch (error) {
    if (error instanceof Refusal && (error.code === 'not_found' || error.code === 'withheld')) return [];
    throw error;
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '') : '';
}

function texts(value: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(asRecord(value)).map(([name, inner]) => [name, text(inner)]));
}

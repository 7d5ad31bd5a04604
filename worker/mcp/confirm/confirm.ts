import {
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  type InputRequiredResult,
  inputRequired,
  inputResponse,
} from '@modelcontextprotocol/server';
import { newId } from '../../../protocol/ids.ts';
import { sha256Hex, utf8 } from '../../blobs/sha256.ts';
import { Refusal } from '../../http/refusal.ts';
import { tenantGateOf } from '../../tenants/gate-of.ts';
import { canonicalJson } from '../../tenants/idempotency.ts';
import type { ToolContext } from '../tool.ts';
import {
  invalidState,
  mintRequestState,
  openRequestState,
  STATE_LIFETIME_MS,
  type StateOwner,
} from './request-state.ts';

/** What a call is about to do that a person may not want. */
export interface Danger {
  /** For the person: what would happen, and whether it can be undone. A whole sentence that ends with a question mark. */
  readonly question: string;
  /** The same for a program. What is agreed to is this and nothing else. */
  readonly effect: Readonly<Record<string, unknown>>;
}

/** Resolves when the person has agreed to exactly this; throws otherwise, and then nothing may be done. */
export type Confirm = (danger: Danger) => Promise<void>;

/** Thrown through an operation to ask the client; it makes the same call again with the answer. */
export class InputNeeded extends Error {
  readonly result: InputRequiredResult;

  constructor(result: InputRequiredResult) {
    super('the client is asked for input');
    this.name = 'InputNeeded';
    this.result = result;
  }
}

/** What was shown, and the one use that agreeing to it is good for. */
interface Shown {
  readonly use: string;
  readonly danger: string;
}

const ASKED = 'confirm';

/**
 * Asks before something dangerous, once a call. A client that can ask its person is asked (MCP elicitation, in either
 * era); any other is refused with what would happen and a confirmation, to be given back in the same call. Agreement is
 * bound to the call and to what was shown, lives ten minutes and is used up before anything is done.
 */
export function confirmer(
  context: ToolContext,
  owner: StateOwner,
  confirmation: string | undefined,
): Confirm {
  let agreed: string | null = null;
  return async (danger) => {
    const digest = await sha256Hex(utf8(canonicalJson(danger)));
    if (agreed === digest) return;
    const answered = canAsk(context)
      ? await readAnswer(context, digest)
      : await readConfirmation(context, owner, confirmation, digest);
    if (answered === null) throw await ask(context, owner, danger, digest);
    agreed = digest;
  };
}

/** Whether this client can ask its person a question with a form. */
function canAsk({ request, session }: ToolContext): boolean {
  const told = request.envelope as { [CLIENT_CAPABILITIES_META_KEY]?: ClientCapabilities } | undefined;
  const { elicitation } = told?.[CLIENT_CAPABILITIES_META_KEY] ?? session?.abilities ?? {};
  return elicitation !== undefined && (elicitation.form !== undefined || elicitation.url === undefined);
}

async function readAnswer(context: ToolContext, digest: string): Promise<true | null> {
  const shown = context.request.requestState<Shown>();
  if (shown === undefined) return null;
  const said = inputResponse(context.request.inputResponses, ASKED);
  // What would happen is another thing by now, or nobody answered: the person is asked anew.
  if (shown.danger !== digest || said.kind !== 'elicit') return null;
  if (!(await isFirstUse(context, shown))) throw invalidState();
  if (said.action === 'accept') return true;
  throw new Refusal('declined', 'The person did not agree; nothing was done.', {
    hint: 'Ask them what they want instead. Do not call again without their word.',
  });
}

async function readConfirmation(
  context: ToolContext,
  owner: StateOwner,
  confirmation: string | undefined,
  digest: string,
): Promise<true | null> {
  if (confirmation === undefined) return null;
  const { sealKey } = context.platform;
  const shown = await openRequestState<Shown>(sealKey, owner, confirmation, 'confirm');
  return shown?.danger === digest && (await isFirstUse(context, shown)) ? true : null;
}

async function ask(
  context: ToolContext,
  owner: StateOwner,
  danger: Danger,
  digest: string,
): Promise<InputNeeded | Refusal> {
  const shown: Shown = { use: newId('request'), danger: digest };
  const { sealKey } = context.platform;
  if (canAsk(context)) {
    const message = danger.question;
    return new InputNeeded(
      inputRequired({
        inputRequests: {
          [ASKED]: inputRequired.elicit({ message, requestedSchema: { type: 'object', properties: {} } }),
        },
        requestState: await mintRequestState(sealKey, owner, shown),
      }),
    );
  }
  const confirmation = await mintRequestState(sealKey, owner, shown, 'confirm');
  return new Refusal('confirmation_required', `${danger.question} Nothing was done yet.`, {
    hint: 'Ask the person. If they agree, make the same call again with `confirmation` set to details.confirmation, within ten minutes.',
    details: { effect: danger.effect, confirmation },
  });
}

/** Uses an agreement up, in the tenant's gate and on disk: whoever comes second, at whatever isolate, is too late. */
function isFirstUse({ platform, principal }: ToolContext, { use }: Shown): Promise<boolean> {
  return tenantGateOf(platform.env, principal.tenantId).useOnce(use, Date.now() + STATE_LIFETIME_MS);
}

import {
  type JSONRPCRequest,
  ProtocolError,
  ProtocolErrorCode,
  type Result,
  Server,
  type ServerContext,
} from '@modelcontextprotocol/server';

type Handler = (request: JSONRPCRequest, context: ServerContext) => Promise<Result>;

/** What the SDK's schemas say is wrong with a request: a list of faults as JSON, which is all of an error's message or its end. */
const FAULTS = /^(?:Invalid [\w/]+ request: )?(\[\s*\{[\s\S]*\}\s*\])$/;
const FAULTS_TOLD = 3;

/**
 * The SDK's server, but that parameters which are not of their method's form are answered as the protocol says, by
 * -32602 and a sentence: the SDK calls most of them an error of its own (-32603) and shows its schema's faults as JSON.
 */
export class ProtocolServer extends Server {
  protected override _wrapHandler(method: string, handler: Handler): Handler {
    const wrapped = super._wrapHandler(method, handler);
    return async function tellFaults(request, context) {
      try {
        return await wrapped(request, context);
      } catch (error) {
        throw invalidParams(method, error) ?? error;
      }
    };
  }
}

function invalidParams(method: string, error: unknown): ProtocolError | null {
  const faults = error instanceof Error ? faultsIn(error.message) : null;
  if (faults === null) return null;
  return new ProtocolError(ProtocolErrorCode.InvalidParams, `Invalid params of ${method}: ${faults}`);
}

/** The faults as a sentence, each with its place; null where the text is another one. */
function faultsIn(text: string): string | null {
  const [, json] = FAULTS.exec(text) ?? [];
  if (json === undefined) return null;
  try {
    const faults = JSON.parse(json) as readonly {
      readonly path: readonly string[];
      readonly message: string;
    }[];
    const told = faults.slice(0, FAULTS_TOLD).map(({ path, message }) => `${path.join('.')}: ${message}`);
    return `${told.join('; ')}.`;
  } catch {
    return null;
  }
}

import {
  isJSONRPCNotification,
  isJSONRPCRequest,
  type JSONRPCMessage,
  type JSONRPCNotification,
  type JSONRPCRequest,
  type RequestId,
  type Transport,
} from '@modelcontextprotocol/server';
import { encodeBase64url } from '../../../protocol/base64url.ts';
import { limit } from '../../../protocol/limits.ts';
import type { Offer } from '../offer.ts';
import { awaitAnswer } from './await-answer.ts';
import { isAtLeast, type Level } from './logging.ts';
import type { PostExchange } from './post-exchange.ts';
import type { Session } from './session-id.ts';
import type { SessionObject } from './session-object.ts';

const INTRODUCTION = 'introduction';
const QUESTION_ID_BYTES = 12;

/**
 * An exchange inside a session: the server knows what its client can be asked, and may ask it. A question leaves on the
 * POST's stream; its answer comes by another POST, perhaps to another isolate, and meets it in the session's object.
 */
export class SessionTransport implements Transport {
  onmessage?: Transport['onmessage'];
  onclose?: () => void;
  onerror?: (error: Error) => void;
  private readonly exchange: PostExchange;
  private readonly object: () => SessionObject;
  private readonly offer: Pick<Offer, 'mayAsk'>;
  private readonly over = new AbortController();
  /** Ids of open questions as the server numbers them, each call from 0, and as the client sees them. */
  private readonly asked = new Map<RequestId, string>();
  private introduced: () => void = () => {};

  constructor(exchange: PostExchange, object: () => SessionObject, offer: Pick<Offer, 'mayAsk'>) {
    this.offer = offer;
    this.exchange = exchange;
    this.object = object;
  }

  async start(): Promise<void> {
    this.exchange.onmessage = (message, extra) => this.onmessage?.(message, extra);
    this.exchange.onclose = () => {
      this.over.abort();
      this.onclose?.();
    };
  }

  /** Tells the connected server what the client said of itself in `initialize`; its answer goes nowhere. */
  introduce({ protocolVersion, client, abilities }: Session): Promise<void> {
    return new Promise((resolve) => {
      this.introduced = resolve;
      this.onmessage?.({
        jsonrpc: '2.0',
        id: INTRODUCTION,
        method: 'initialize',
        params: { protocolVersion, clientInfo: client, capabilities: abilities },
      });
    });
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if (!('method' in message) && message.id === INTRODUCTION) return this.introduced();
    if (isJSONRPCRequest(message)) return this.ask(message.id, message);
    if (isJSONRPCNotification(message)) {
      if (message.method === 'notifications/message' && !(await this.wants(message.params?.level))) return;
      if (message.method === 'notifications/cancelled') return this.withdraw(message);
    }
    return this.exchange.send(message);
  }

  close(): Promise<void> {
    return this.exchange.close();
  }

  private async ask(number: RequestId, question: JSONRPCRequest): Promise<void> {
    if (!this.offer.mayAsk(question.method)) throw new Error(`This server asks no ${question.method}.`);
    const id = encodeBase64url(crypto.getRandomValues(new Uint8Array(QUESTION_ID_BYTES)));
    // Before it is sent, so that no answer comes too early.
    if (!(await this.object().expectAnswer(id)))
      throw new Error(`The client has ${limit('mcp_session_questions')} questions open already.`);
    this.asked.set(number, id);
    await this.exchange.send({ ...question, id });
    void awaitAnswer(this.object, id, this.over.signal).then((answer) => {
      this.asked.delete(number);
      if (answer !== null) this.onmessage?.({ ...answer, id: number });
    });
  }

  private async withdraw(notification: JSONRPCNotification): Promise<void> {
    const id = this.asked.get(notification.params?.requestId as RequestId);
    if (id === undefined) return;
    await this.exchange.send({ ...notification, params: { ...notification.params, requestId: id } });
  }

  private async wants(level: unknown): Promise<boolean> {
    const wanted = await this.object().level();
    return wanted === null || isAtLeast(level as Level, wanted);
  }
}

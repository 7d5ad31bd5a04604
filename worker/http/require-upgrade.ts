import { Refusal } from './refusal.ts';

/** Refuses a request that does not ask for a WebSocket (RFC 6455, section 4.1). */
export function requireUpgrade(request: Request): void {
  if (request.headers.get('upgrade')?.toLowerCase() === 'websocket') return;
  throw new Refusal('invalid_arguments', 'This address speaks WebSocket only.');
}

import type { TicketKey } from '../database/ticket.ts';

/** Whether the database signed a statement with the key of tickets: HMAC-SHA-256, 64 hex digits. */
export async function isSignedBy(key: TicketKey, statement: string, signature: string): Promise<boolean> {
  const right = new Uint8Array(await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(statement)));
  const given = Uint8Array.from(signature.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
  return isEqual(right, given);
}

/** Takes the same time wherever the two differ. */
function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (const [index, byte] of a.entries()) difference |= byte ^ (b[index] ?? 0);
  return difference === 0;
}

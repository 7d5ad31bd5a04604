import { type CallEvent, callEvent } from './call-record.ts';

/** The event of a page that shows what only few may see: who read it, and what was asked for. */
export function pageEvent(page: string, asked: Readonly<Record<string, string>>): Promise<CallEvent> {
  return callEvent({ action: 'page.read', kind: 'page', target: page, trace: null }, asked);
}

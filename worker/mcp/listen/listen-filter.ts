import type { SubscriptionFilter } from '@modelcontextprotocol/server';
import { limit } from '../../../protocol/limits.ts';
import { Refusal } from '../../http/refusal.ts';
import type { Scope } from '../../tenants/scopes.ts';
import type { Message } from '../parse-message.ts';
import { asRecord } from '../request-kind.ts';
import { resourceTopic } from './resource-topic.ts';

/** What a subscriber wants to hear of, in the protocol's own words. */
export type ListenFilter = SubscriptionFilter;

const SCOPE_OF = {
  project: 'projects:read',
  fixed: 'projects:read',
  data: 'data:read',
  run: 'runs:execute',
} as const satisfies Record<string, Scope>;

/**
 * The filter of a message that asks for a stream of changes (`subscriptions/listen`, 2026-07-28); null for any other, and
 * for one that has none, which the SDK refuses. Its form is the SDK's to judge.
 */
export function askedFilter({ method, params }: Message): ListenFilter | null {
  if (method !== 'subscriptions/listen') return null;
  const { notifications } = asRecord(params);
  return typeof notifications === 'object' ? (notifications as ListenFilter | null) : null;
}

/** The same of `resources/subscribe`, by which a session of the 2025 era asks for one resource after the other. */
export function askedResource({ method, params }: Message): ListenFilter | null {
  const { uri } = asRecord(params);
  return method === 'resources/subscribe' && typeof uri === 'string'
    ? { resourceSubscriptions: [uri] }
    : null;
}

/** The scopes that reading the watched resources needs: who may not read a thing does not hear of it. */
export function scopesOfFilter(filter: ListenFilter | null): readonly Scope[] {
  if (filter === null) return [];
  return [...new Set(watched(filter).map((topic) => SCOPE_OF[topic.kind]))].sort();
}

/** Throws where the filter watches more resources than a stream may. */
export function boundFilter(filter: ListenFilter): void {
  const most = limit('resource_subscriptions');
  if ((filter.resourceSubscriptions?.length ?? 0) <= most) return;
  throw new Refusal('limit_exceeded', `One stream watches at most ${most} resources.`, {
    hint: 'Watch a whole project (project://<id>) instead of its files, or open a second stream.',
    details: { limit: 'resource_subscriptions', value: most },
  });
}

function watched(filter: ListenFilter) {
  const uris: unknown = filter.resourceSubscriptions;
  if (!Array.isArray(uris)) return [];
  return uris.flatMap((uri) => (typeof uri === 'string' ? (resourceTopic(uri) ?? []) : []));
}

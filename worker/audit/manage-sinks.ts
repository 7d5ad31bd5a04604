import { newId } from '../../protocol/ids.ts';
import { type AuditSink, addAuditSink, endAuditSink, listAuditSinks } from '../database/audit-sinks.ts';
import { Refusal } from '../http/refusal.ts';
import { judgeAddress } from '../outbound/judge-address.ts';
import { parseLoopbackOrigins } from '../outbound/loopback-origins.ts';
import { withTenantOfPerson } from '../people/person.ts';
import type { Platform } from '../platform.ts';
import type { Principal } from '../tenants/principal.ts';
import { secretOfSink } from './post-batch.ts';

/** Adds a webhook that gets every event, from the first on. Its secret can be had here alone. */
export async function addSink(
  platform: Platform,
  principal: Principal,
  url: string,
): Promise<{ readonly sink: string; readonly secret: string }> {
  const loopbackOrigins = parseLoopbackOrigins(platform.env.LOOPBACK_ORIGINS ?? '') ?? [];
  if (!judgeAddress(url, { loopbackOrigins }).ok)
    throw new Refusal('invalid_arguments', 'url: must be https on port 443 of a public name', {
      hint: 'A receiver inside your network needs a public name in front of it.',
    });
  const sink = newId('sink');
  const [answer] = await withTenantOfPerson(platform, principal, [addAuditSink(sink, url)] as const);
  if (!answer.ok) throw refusalOf(answer.code);
  return { sink, secret: await secretOfSink(platform.sealKey, sink) };
}

export async function endSink(platform: Platform, principal: Principal, sink: string): Promise<void> {
  const [answer] = await withTenantOfPerson(platform, principal, [endAuditSink(sink)] as const);
  if (!answer.ok) throw refusalOf(answer.code);
}

export async function listSinks(platform: Platform, principal: Principal): Promise<readonly AuditSink[]> {
  const [sinks] = await withTenantOfPerson(platform, principal, [listAuditSinks()] as const);
  return sinks;
}

function refusalOf(code: string): Refusal {
  switch (code) {
    case 'not_found':
      return new Refusal('not_found', 'There is no such sink.');
    case 'limit_exceeded':
      return new Refusal('limit_exceeded', 'A team sends its audit log to five sinks at most.', {
        hint: 'End one first.',
      });
    default:
      return new Refusal('insufficient_role', 'Only an owner says where the audit log is sent.');
  }
}

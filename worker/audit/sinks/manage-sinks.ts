import { newId } from '../../../protocol/ids.ts';
import {
  type AuditSink,
  addAuditSink,
  endAuditSink,
  listAuditSinks,
  resendAudit,
} from '../../database/audit-sinks.ts';
import { Refusal } from '../../http/refusal.ts';
import { judgeAddress } from '../../outbound/judge-address.ts';
import { parseLoopbackOrigins } from '../../outbound/loopback-origins.ts';
import { withTenantOfPerson } from '../../people/person.ts';
import type { Platform } from '../../platform.ts';
import type { Principal } from '../../tenants/principal.ts';
import { secretOfSink } from './post-batch.ts';
import { sealSinkSecret } from './sink-secret.ts';
import { type AskedSink, readTarget } from './sink-target.ts';

/** Adds a sink that gets every event, from the first on. The secret that signs what a webhook gets can be had here alone. */
export async function addSink(
  platform: Platform,
  principal: Principal,
  asked: AskedSink,
): Promise<{ readonly sink: string; readonly secret: string | null }> {
  const target = readTarget(asked);
  if (!target.ok) throw new Refusal('invalid_arguments', target.problem);
  const loopbackOrigins = parseLoopbackOrigins(platform.env.LOOPBACK_ORIGINS ?? '') ?? [];
  if (!judgeAddress(target.url, { loopbackOrigins }).ok)
    throw new Refusal('invalid_arguments', 'url: must be https on port 443 of a public name', {
      hint: 'A receiver inside your network needs a public name in front of it.',
    });
  const sink = newId('sink');
  const { kind, url, settings, secretAccessKey } = target;
  const secret =
    secretAccessKey === null
      ? null
      : await sealSinkSecret(platform.keys, principal.tenantId, sink, secretAccessKey);
  const [answer] = await withTenantOfPerson(platform, principal, [
    addAuditSink({ sink, kind, url, settings, secret }),
  ] as const);
  if (!answer.ok) throw refusalOf(answer.code);
  return { sink, secret: kind === 'webhook' ? await secretOfSink(platform.sealKey, sink) : null };
}

export async function endSink(platform: Platform, principal: Principal, sink: string): Promise<void> {
  const [answer] = await withTenantOfPerson(platform, principal, [endAuditSink(sink)] as const);
  if (!answer.ok) throw refusalOf(answer.code);
}

export async function listSinks(platform: Platform, principal: Principal): Promise<readonly AuditSink[]> {
  const [sinks] = await withTenantOfPerson(platform, principal, [listAuditSinks()] as const);
  return sinks;
}

/** Has what a sink did not take sent to it once more within a minute: all of it, or the range that begins at `from`. Tells how many ranges. */
export async function resendToSink(
  platform: Platform,
  principal: Principal,
  sink: string,
  from: number | null,
): Promise<number> {
  const [answer] = await withTenantOfPerson(platform, principal, [resendAudit(sink, from)] as const);
  if (!answer.ok)
    throw answer.code === 'not_found'
      ? new Refusal('not_found', 'That sink has no such dead letter that was not asked for again.')
      : refusalOf(answer.code);
  return answer.dead_letters;
}

function refusalOf(code: string): Refusal {
  switch (code) {
    case 'not_found':
      return new Refusal('not_found', 'There is no such sink, or it is not yours to end.');
    case 'limit_exceeded':
      return new Refusal('limit_exceeded', 'A team sends its audit log to five sinks at most.', {
        hint: 'End one first.',
      });
    default:
      return new Refusal('insufficient_role', 'Only an owner says where the audit log is sent.');
  }
}

import { newId } from '../../../protocol/ids.ts';
import {
  type AuditSink,
  addAuditSink,
  endAuditSink,
  listAuditSinks,
  type Resent,
  resendAudit,
} from '../../database/audit-sinks.ts';
import { Refusal } from '../../http/refusal.ts';
import { type AddressRefusal, judgeAddress } from '../../outbound/judge-address.ts';
import { parseLoopbackOrigins } from '../../outbound/loopback-origins.ts';
import { withTenantOfPerson } from '../../people/person.ts';
import type { Platform } from '../../platform.ts';
import type { Principal } from '../../tenants/principal.ts';
import { secretOfSink } from './post-batch.ts';
import { sealSinkSecret } from './sink-secret.ts';
import { type AskedSink, readTarget } from './sink-target.ts';

const WHY_NOT: Readonly<Record<AddressRefusal, string>> = {
  malformed: 'is no address',
  not_https: 'is not https',
  credentials: 'holds a user or a password, which are not sent: a receiver knows a batch by its signature',
  other_port: 'names another port',
  internal_address: 'is an address of a private network',
  internal_name: 'is a name of a private network',
};

/** Adds a sink that gets every event, from the first on. The secret that signs what a webhook gets can be had here alone. */
export async function addSink(
  platform: Platform,
  principal: Principal,
  asked: AskedSink,
): Promise<{ readonly sink: string; readonly secret: string | null }> {
  const target = readTarget(asked);
  if (!target.ok) throw new Refusal('invalid_arguments', target.problem);
  const loopbackOrigins = parseLoopbackOrigins(platform.env.LOOPBACK_ORIGINS ?? '') ?? [];
  const judged = judgeAddress(target.url, { loopbackOrigins });
  if (!judged.ok)
    throw new Refusal(
      'invalid_arguments',
      `url: must be https on port 443 of a public name; this one ${WHY_NOT[judged.reason]}`,
      { hint: 'A receiver inside your network needs a public name in front of it.' },
    );
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

/** Has what a sink did not take sent to it once more within two minutes: all of it, or the range that begins at `from`. */
export async function resendToSink(
  platform: Platform,
  principal: Principal,
  sink: string,
  from: number | null,
): Promise<Resent> {
  const [answer] = await withTenantOfPerson(platform, principal, [resendAudit(sink, from)] as const);
  if (!answer.ok)
    throw answer.code === 'not_found'
      ? new Refusal(
          'not_found',
          'There is nothing to send again: the sink does not fail, and has no dead letter that was not asked for already.',
        )
      : refusalOf(answer.code);
  return { dead_letters: answer.dead_letters, hastened: answer.hastened };
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

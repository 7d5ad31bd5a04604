import { auditLines, auditProof } from '../database/audit-log.ts';
import { withTenant } from '../database/with-tenant.ts';
import { Refusal } from '../http/refusal.ts';
import { withTenantOfPerson } from '../people/person.ts';
import type { Platform } from '../platform.ts';
import type { Principal } from '../tenants/principal.ts';
import { writeHeader } from './export-header.ts';
import { makeCheckpoint, sealAll } from './seal-log.ts';
import { sealerOf } from './sweep-audit.ts';

/** A checkpoint that is younger is young enough for an export. */
const FRESH_SECONDS = 60;
const LINES_MAX = 500;

/**
 * The whole log of a tenant with its proof, as `audit verify` reads it, for its admins and owners; refuses everybody else
 * before it begins. It is read page by page while it is sent; a page that fails ends the stream as a failure.
 */
export async function exportLog(
  platform: Platform,
  principal: Principal,
): Promise<ReadableStream<Uint8Array>> {
  const admin = { ...principal, needs: { scopes: [], role: 'admin' as const } };
  await withTenantOfPerson(platform, admin, [] as const);
  const sealer = sealerOf(platform);
  await sealAll(sealer);
  await makeCheckpoint(sealer, FRESH_SECONDS);
  const [proof] = await withTenantOfPerson(platform, admin, [auditProof()] as const);
  if (proof === null)
    throw new Refusal('unavailable', 'No checkpoint covers the log yet.', {
      hint: 'Try again in a minute.',
      retryAfterSeconds: FRESH_SECONDS,
    });
  const encoder = new TextEncoder();
  let next = 0;
  return new ReadableStream({
    start: (stream) => stream.enqueue(encoder.encode(writeHeader(proof))),
    async pull(stream) {
      if (next >= proof.size) return stream.close();
      const [lines] = await withTenant(platform.database, admin, [
        auditLines(proof.size, next, LINES_MAX),
      ] as const);
      if (lines.length === 0) throw new Error(`entry ${next} of ${proof.size} is not in the database`);
      next += lines.length;
      stream.enqueue(encoder.encode(`${lines.join('\n')}\n`));
    },
  });
}

import { searchAudit } from '../../audit/search-audit.ts';
import { addSink, endSink, listSinks, resendToSink } from '../../audit/sinks/manage-sinks.ts';
import type { Handlers } from '../handler.ts';
import type { AUDIT_ROUTES } from '../routes/audit.ts';

export const auditHandlers: Handlers<keyof typeof AUDIT_ROUTES> = {
  async searchAudit({ query }, { platform, principal }) {
    const { limit, cursor, order, ...filter } = query;
    const found = await searchAudit(
      platform,
      principal,
      { ...filter, oldest_first: order === 'oldest' },
      { limit, cursor },
    );
    return {
      events: found.rows.map((row) => ({
        event: row.eventId,
        occurred_at: row.occurredAt,
        user: row.userId,
        user_name: row.userName,
        credential_kind: row.credentialKind,
        credential: row.credentialId,
        credential_name: row.credentialName,
        client: row.clientId,
        action: row.action,
        target_kind: row.targetKind,
        target: row.targetId,
        outcome: row.outcome,
        request: row.requestId,
        trace: row.traceId,
        address: row.address,
        user_agent: row.userAgent,
        input_sha256: row.inputSha256,
        input_bytes: row.inputBytes,
        details: row.details,
        entry: row.leafIndex,
      })),
      truncated: found.truncated,
      cursor: found.cursor,
    };
  },

  async listAuditSinks(_input, { platform, principal }) {
    const sinks = await listSinks(platform, principal);
    return {
      sinks: sinks.map(({ settings, ...sink }) => ({
        ...sink,
        ...settings,
        dead_letters: [...sink.dead_letters],
      })),
    };
  },

  addAuditSink: ({ body }, { platform, principal }) => addSink(platform, principal, body),

  async endAuditSink({ params }, { platform, principal }) {
    await endSink(platform, principal, params.sink);
  },

  resendAudit: ({ params, body }, { platform, principal }) =>
    resendToSink(platform, principal, params.sink, body.from ?? null),
};

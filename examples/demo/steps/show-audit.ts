import type { DemoStep } from '../step.ts';

const EXPECTED = [
  'project.create',
  'commit.create',
  'data.import',
  'upload.receive',
  'run.start',
  'run.cancel',
  'run.finish',
];

export const showAudit: DemoStep = {
  name: 'audit',
  title: 'audit: every change of all that, as the operator reads it',
  async run({ screen, startedAt, auditEvents, learned }) {
    if (auditEvents === null || learned.tenant === undefined) {
      screen.say(
        'No access to the audit log from here; ./causeway demo on the machine of the stack shows it.',
      );
      return;
    }
    const events = await auditEvents(learned.tenant, startedAt);
    const counts = new Map<string, { ok: number; refused: number; error: number }>();
    for (const { action, outcome } of events) {
      const count = counts.get(action) ?? { ok: 0, refused: 0, error: 0 };
      if (outcome === 'ok' || outcome === 'refused' || outcome === 'error') count[outcome]++;
      counts.set(action, count);
    }
    screen.table(
      ['event', 'ok', 'refused', 'error'],
      [...counts].sort().map(([action, { ok, refused, error }]) => [action, ok, refused, error]),
    );
    screen.say(
      `${events.length} events, the last at ${events.at(-1)?.occurredAt.toISOString() ?? 'no time'}`,
    );
    const missing = EXPECTED.filter((action) => !counts.has(action));
    if (missing.length > 0) throw new Error(`the audit log lacks ${missing.join(', ')}`);
  },
};

import type { AgingKey, StartupFacts } from '../database/startup-facts.ts';

/** Days after which a key is overdue: where the operator says nothing else, and the bounds of what they may say. */
const KEY_DAYS = { unset: 400, least: 30, most: 3650 };

const OVERDUE: Readonly<Record<AgingKey, { readonly key: string; readonly remedy: string }>> = {
  signing: { key: 'The key that signs access tokens', remedy: 'run ./causeway keys rotate' },
  context: { key: 'CONTEXT_KEY', remedy: 'change it as docs/keys.md says' },
  seal: { key: 'SEAL_KEY', remedy: 'change it as docs/keys.md says' },
  encryption: {
    key: 'The key-encryption key',
    remedy: 'change the passphrase as docs/keys.md says, or run ./causeway keys rotate --kek',
  },
};

/** Days after which a key is overdue, by the setting KEY_DAYS_MAX. */
export function keyDaysMax(setting: string | undefined): number {
  return Number(setting ?? KEY_DAYS.unset);
}

/** Whether a text may be the setting KEY_DAYS_MAX: a whole number within the bounds. */
export function isKeyDays(text: string): boolean {
  return /^[1-9]\d{1,3}$/.test(text) && Number(text) >= KEY_DAYS.least && Number(text) <= KEY_DAYS.most;
}

/**
 * What of the database must not be served with, all at once, each with its remedy: migrations that are missing, or that
 * are not of the `known` ones, which this build was made with; keys that are overdue; what breaks the rules of tenancy. Pure.
 */
export function judgeDatabase(
  facts: StartupFacts | null,
  { known, daysMax }: { readonly known: readonly string[]; readonly daysMax: number },
): readonly string[] {
  if (facts === null) return ['The database has no migrations, or old ones: run ./causeway migrate'];
  const { migrations, keyDays, findings } = facts;
  return [
    ...judgeMigrations(migrations, known),
    ...judgeAges(keyDays, daysMax),
    ...findings.flatMap(({ severity, message }) => (severity === 'error' ? [message] : [])),
  ];
}

/** Which keys are overdue, each with its remedy. Pure. */
export function judgeAges(keyDays: StartupFacts['keyDays'], daysMax: number): readonly string[] {
  return Object.entries(OVERDUE).flatMap(([name, { key, remedy }]) => {
    const days = keyDays[name as AgingKey] ?? 0;
    return days > daysMax ? [`${key} is ${days} days old, and overdue after ${daysMax}: ${remedy}`] : [];
  });
}

/** What of a database's history is not that of this build, each with its remedy. Pure. */
export function judgeMigrations(applied: readonly string[], known: readonly string[]): readonly string[] {
  const missing = known.filter((name) => !applied.includes(name));
  const unknown = applied.filter((name) => !known.includes(name));
  return [
    ...(missing.length === 0 ? [] : [`The database lacks ${listed(missing)}: run ./causeway migrate`]),
    ...(unknown.length === 0
      ? []
      : [
          `The database has ${listed(unknown)}, which this version does not know (its newest is ${known.at(-1)}): deploy the version that it belongs to`,
        ]),
  ];
}

const LISTED_MAX = 3;

/** `migration 0001-a.sql`; `5 migrations (0001-a.sql, 0002-b.sql, 0003-c.sql and 2 more)`. */
function listed(names: readonly string[]): string {
  if (names.length === 1) return `migration ${names[0]}`;
  const more = names.length - LISTED_MAX;
  return `${names.length} migrations (${names.slice(0, LISTED_MAX).join(', ')}${more > 0 ? ` and ${more} more` : ''})`;
}

import type { StartupFacts } from '../database/startup-facts.ts';

/** A key that signs access tokens is overdue after so long, where the operator says nothing else. */
const KEY_DAYS_MAX = 400;

/** Days after which a signing key is overdue, by the setting KEY_DAYS_MAX. */
export function keyDaysMax(setting: string | undefined): number {
  return Number(setting ?? KEY_DAYS_MAX);
}

/**
 * What of the database must not be served with, all at once, each with its remedy: migrations that are missing or newer
 * than `newestKnown`, which this build was made with; a key that is overdue; what breaks the rules of tenancy. Pure.
 */
export function judgeDatabase(
  facts: StartupFacts | null,
  { newestKnown, daysMax }: { readonly newestKnown: string; readonly daysMax: number },
): readonly string[] {
  if (facts === null) return ['The database has no migrations, or old ones: run ./causeway migrate'];
  const { newestMigration, signingKeyDays, findings } = facts;
  return [
    ...judgeMigration(newestMigration ?? '', newestKnown),
    ...(signingKeyDays !== null && signingKeyDays > daysMax
      ? [
          `The key that signs access tokens is ${signingKeyDays} days old, and overdue after ${daysMax}: run ./causeway keys rotate`,
        ]
      : []),
    ...findings.flatMap(({ severity, message }) => (severity === 'error' ? [message] : [])),
  ];
}

function judgeMigration(newest: string, newestKnown: string): readonly string[] {
  if (newest === newestKnown) return [];
  return newest < newestKnown
    ? [`The database lacks migrations up to ${newestKnown}: run ./causeway migrate`]
    : [
        `The database has migration ${newest}, which this version does not know (its newest is ${newestKnown}): deploy the version that it belongs to`,
      ];
}

import { existsSync } from 'node:fs';
import { judgeStart, lookAtStart } from '../../executor/judge-start.ts';
import { KEY_DAYS_MAX } from '../../executor/key-age.ts';
import { judgeAges, keyDaysMax } from '../../worker/startup/judge-database.ts';
import { asKeyOperator } from '../database/key-operator.ts';
import { findPending } from '../database/migrate.ts';
import { findCatalogueErrors } from '../database/restore-rows.ts';
import { namesDatabase, ownerUrlOf } from '../stack/owner-url.ts';
import { judgeSecrets } from '../stack/secrets.ts';
import type { Holder } from '../stack/state-lock.ts';
import { statePaths } from '../stack/state-paths.ts';
import { reasonOf } from '../terminal/failure.ts';
import type { Inside } from './seen.ts';

/** What this machine knows of the stack in a state folder, whether it runs or not. It changes nothing. */
export async function lookInside(state: string, holder: Holder | null): Promise<Inside> {
  const paths = statePaths(state);
  const launcher = judgeSecrets(paths);
  const isKnown = existsSync(`${paths.executor}/executor.json`);
  const url = holder?.publicUrl ?? 'http://127.0.0.1';
  return {
    launcher,
    executor: isKnown
      ? judgeStart(
          await lookAtStart({
            ...{ url, stateDir: paths.executor, joinTokenFile: null, keyDaysMax: KEY_DAYS_MAX },
          }),
        )
      : null,
    // Secrets that must not be used are not used to look further; a database that is named has its own.
    database:
      namesDatabase({}) || (launcher?.length === 0 && holder !== null)
        ? await lookAtDatabase({ state })
        : null,
  };
}

/** The same of a database that the environment names. */
export async function lookAtNamedDatabase(state: string): Promise<Inside | null> {
  if (!namesDatabase({})) return null;
  return { launcher: null, executor: null, database: await lookAtDatabase({ state }) };
}

async function lookAtDatabase(choice: { readonly state: string }): Promise<Inside['database']> {
  try {
    const ownerUrl = await ownerUrlOf(choice);
    const pending = await findPending(ownerUrl);
    if (pending.length > 0)
      return {
        findings: [`${pending.length} migrations are pending, from ${pending[0]} on: run ./causeway migrate`],
        blobs: null,
      };
    const errors = await findCatalogueErrors(ownerUrl);
    return await asKeyOperator(ownerUrl, async (operator) => ({
      findings: [
        ...judgeAges(await operator.findKeyDays(), keyDaysMax(process.env.KEY_DAYS_MAX || undefined)),
        ...errors,
      ],
      blobs: await operator.countBlobsToSeal(),
    }));
  } catch (error) {
    return {
      findings: [`${reasonOf(error)}: see that the database answers, and its address is right`],
      blobs: null,
    };
  }
}

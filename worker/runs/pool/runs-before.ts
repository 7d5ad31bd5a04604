import { turnsOf, type Waiting } from './assign.ts';

type Turn = Pick<Waiting, 'run' | 'tenant' | 'user'>;

/**
 * How many of the runs that wait, oldest first, get a slot before this one, as tenants and their people take turns
 * (`assign.ts`) and each slot would take each run. Pure.
 */
export function runsBefore(
  waiting: readonly Turn[],
  run: string,
  servedAt: ReadonlyMap<string, number>,
): number {
  const own = waiting.find((each) => each.run === run);
  if (own === undefined) return 0;
  const [tenant, user] = turnsOf(own);
  const ofTenant = waiting.filter((each) => each.tenant === own.tenant);
  const ofUser = ofTenant.filter((each) => each.user === own.user).indexOf(own);
  const within =
    ofUser +
    turnsOfOthers(
      ofTenant.map((each) => turnsOf(each)[1]),
      user,
      ofUser,
      servedAt,
    );
  return (
    within +
    turnsOfOthers(
      waiting.map((each) => turnsOf(each)[0]),
      tenant,
      within,
      servedAt,
    )
  );
}

/** How many turns others have before `name` has its next one behind so many. `names` has one for each run, oldest first. */
function turnsOfOthers(
  names: readonly string[],
  name: string,
  turns: number,
  servedAt: ReadonlyMap<string, number>,
): number {
  const counts = new Map<string, number>();
  for (const each of names) counts.set(each, (counts.get(each) ?? 0) + 1);
  const served = servedAt.get(name) ?? -1;
  let isBefore = true;
  let sum = 0;
  for (const [other, count] of counts) {
    if (other === name) {
      isBefore = false;
      continue;
    }
    const otherServed = servedAt.get(other) ?? -1;
    const isFirst = otherServed < served || (otherServed === served && isBefore);
    sum += Math.min(count, turns + (isFirst ? 1 : 0));
  }
  return sum;
}

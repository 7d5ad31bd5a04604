import type { Schedule } from './schedule.ts';

/** The schedule without the faults and calls that it does not need to fail, tried one by one. */
export async function shrink(
  schedule: Schedule,
  fails: (smaller: Schedule) => Promise<boolean>,
): Promise<Schedule> {
  let least = schedule;
  for (const fault of schedule.faults) {
    const smaller = { ...least, faults: least.faults.filter((other) => other !== fault) };
    if (await fails(smaller)) least = smaller;
  }
  for (const wish of schedule.wishes) {
    const smaller = { ...least, wishes: least.wishes.filter((other) => other !== wish) };
    if (await fails(smaller)) least = smaller;
  }
  return least;
}

import { readUnjudgedConfig } from '../../executor/config.ts';
import { judgeImageKeys, judgeStart, lookAtStart } from '../../executor/judge-start.ts';
import { readSettings } from '../../infra/postgres-http/read-settings.ts';

/** Programs that are started by options of their own, elsewhere than beside a stack of `./causeway up`. */
export const PROGRAMS = ['executor', 'postgres-http'] as const;
export type ProgramName = (typeof PROGRAMS)[number];

/** Why a program refuses to start with these options on this machine: the list that it would print. It is not started. */
export async function judgeProgram(
  program: ProgramName,
  options: readonly string[],
): Promise<readonly string[]> {
  switch (program) {
    case 'executor': {
      const config = readUnjudgedConfig(options);
      return [...judgeStart(await lookAtStart(config)), ...(await judgeImageKeys(config.imageKeys))];
    }
    case 'postgres-http': {
      const read = readSettings(options);
      if (read.kind === 'help') return ['--help says what its options are, and starts nothing: leave it out'];
      return read.kind === 'refused' ? read.faults : [];
    }
  }
}

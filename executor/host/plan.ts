import type { HostFacts, JoinWish } from './judge-host.ts';
import { packagesFor } from './judge-host.ts';
import { type Layout, UNIT } from './layout.ts';

/** A line of what is going to be done; `isDone` where an earlier join has done it. */
export interface PlannedStep {
  readonly what: string;
  /** From which kind of registry, where something is fetched. */
  readonly from: string | null;
  readonly megabytes: number | null;
  readonly where: string;
  readonly isDone: boolean;
}

/** What `executor join` is going to do, in its order. Pure. */
export function planJoin(
  facts: HostFacts,
  wish: JoinWish,
  layout: Layout,
  installed: boolean,
): readonly PlannedStep[] {
  const packages = packagesFor(facts, wish);
  const fetched = { from: null, megabytes: null, isDone: facts.isProvisioned };
  const own = { from: null, megabytes: null, isDone: false };
  return [
    ...(packages.length === 0
      ? []
      : [
          {
            what: `the packages ${packages.join(', ')}`,
            from: 'the distribution',
            megabytes: packages.includes('docker.io') ? 65 : 30,
            where: 'the system',
            isDone: false,
          },
        ]),
    {
      what: "the executor's program and its Node",
      from: null,
      megabytes: 140,
      where: layout.programsDir,
      isDone: installed,
    },
    facts.isProvisioned
      ? { ...fetched, what: 'gVisor and the sandbox image', where: layout.cacheDir }
      : {
          what: 'gVisor and the sandbox image (700 MB unpacked)',
          from: 'Debian and PyPI (Debian alone where PyPI is out of reach)',
          megabytes: 270,
          where: layout.cacheDir,
          isDone: false,
        },
    { ...own, what: 'settings', where: layout.settingsFile },
    {
      ...own,
      what: "the executor's key, registered with the join token",
      where: layout.stateDir,
      isDone: facts.isRegistered,
    },
    ...(wish.start
      ? [{ ...own, what: `the service ${UNIT}, enabled and started`, where: layout.unitFile }]
      : []),
  ];
}

export function planText(steps: readonly PlannedStep[]): string {
  const lines = steps.map(({ what, from, megabytes, where, isDone }) => {
    const size = megabytes === null || isDone ? '' : `, about ${megabytes} MB`;
    const source = from === null || isDone ? '' : ` from ${from}`;
    return `  ${isDone ? 'there' : 'to do'}  ${what}${source}${size}\n         in ${where}`;
  });
  return ['This is what will be on this host:', ...lines].join('\n');
}

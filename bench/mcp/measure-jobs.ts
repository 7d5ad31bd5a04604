import { cpuMsOf } from '../measure/cpu-time.ts';
import { median, quantile, rounded } from '../measure/quantiles.ts';
import { drive } from './drive.ts';
import type { Job } from './jobs.ts';
import { type Caller, open, REVISIONS, type Revision } from './revisions.ts';

/** A server and the jobs that it can do. */
export interface Subject {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  readonly path: string;
  readonly tokens: readonly string[];
  readonly jobs: readonly Job[];
}

export interface JobPlan {
  readonly rounds: number;
  readonly durationMs: number;
  readonly clients: readonly number[];
  readonly onProgress: (done: number, all: number) => void;
}

/** One job of one server in one revision by so many clients; each number is the median of the rounds, losses are all of them. */
export interface JobReport {
  readonly subject: string;
  readonly revision: Revision;
  readonly job: string;
  readonly clients: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Sent by the server for one job. */
  readonly bytes: number;
  /** CPU of the server's process for one job. */
  readonly cpuUs: number;
  readonly lost: number;
  readonly firstLoss: string | null;
}

/** Lets all servers do all their jobs in turn, some rounds of it, so that a busy minute of the machine reaches all alike. */
export async function measureJobs(subjects: readonly Subject[], plan: JobPlan): Promise<JobReport[]> {
  const units = subjects.flatMap((subject) =>
    REVISIONS.flatMap((revision) =>
      subject.jobs.flatMap((job) => plan.clients.map((clients) => ({ subject, revision, job, clients }))),
    ),
  );
  // Neighbours in time are what is compared: the same job, revision and number of clients on each server.
  units.sort(
    (left, right) =>
      left.clients - right.clients ||
      left.revision.localeCompare(right.revision) ||
      left.job.name.localeCompare(right.job.name),
  );
  const callers = new Map<string, readonly Caller[]>();
  for (const subject of subjects)
    for (const revision of REVISIONS)
      callers.set(`${subject.name} ${revision}`, await openSessions(subject, revision));

  const rounds = units.map((): JobReport[] => []);
  for (let round = 0; round < plan.rounds; round++) {
    for (const [index, unit] of units.entries()) {
      const from = callers.get(`${unit.subject.name} ${unit.revision}`) ?? [];
      rounds[index]?.push(await measureOnce({ ...unit, from, durationMs: plan.durationMs }));
      plan.onProgress(round * units.length + index + 1, plan.rounds * units.length);
    }
  }
  return rounds.map(medianOf);
}

/** A caller for each token, with the session that it was given; also the token's first use, which hashes its secret. */
async function openSessions(subject: Subject, revision: Revision): Promise<readonly Caller[]> {
  const opened: Caller[] = [];
  for (const token of subject.tokens) {
    const { lost, firstLoss } = await drive({
      port: subject.port,
      clients: 1,
      durationMs: 0,
      *begin() {
        opened.push(yield* open(revision, { path: subject.path, token, session: null }));
      },
    });
    if (lost > 0) throw new Error(`${subject.name} ${revision}: ${firstLoss}`);
  }
  return opened;
}

async function measureOnce(unit: {
  readonly subject: Subject;
  readonly revision: Revision;
  readonly job: Job;
  readonly clients: number;
  readonly from: readonly Caller[];
  readonly durationMs: number;
}): Promise<JobReport> {
  const { subject, revision, job, clients, from, durationMs } = unit;
  let turn = 0;
  const cpuBeforeMs = cpuMsOf(subject.pid);
  const driven = await drive({
    port: subject.port,
    clients,
    durationMs,
    begin: () => {
      // Tokens take turns, so that each stays below its rate limit.
      const caller = from[turn++ % from.length] as Caller;
      return job.converse(revision, job.inSession ? caller : { ...caller, session: null });
    },
  });
  const done = driven.latenciesMs.length;
  return {
    subject: subject.name,
    revision,
    job: job.name,
    clients,
    perSecond: done / driven.seconds,
    p50Ms: median(driven.latenciesMs),
    p99Ms: quantile(driven.latenciesMs, 0.99),
    bytes: driven.bytes / done,
    cpuUs: ((cpuMsOf(subject.pid) - cpuBeforeMs) * 1000) / done,
    lost: driven.lost,
    firstLoss: driven.firstLoss,
  };
}

function medianOf(rounds: readonly JobReport[]): JobReport {
  const of = (read: (round: JobReport) => number) => rounded(median(rounds.map(read)));
  const [first] = rounds as [JobReport];
  return {
    ...first,
    perSecond: Math.round(of((round) => round.perSecond)),
    p50Ms: of((round) => round.p50Ms),
    p99Ms: of((round) => round.p99Ms),
    bytes: Math.round(of((round) => round.bytes)),
    cpuUs: Math.round(of((round) => round.cpuUs)),
    lost: rounds.reduce((sum, { lost }) => sum + lost, 0),
    firstLoss: rounds.find(({ firstLoss }) => firstLoss !== null)?.firstLoss ?? null,
  };
}

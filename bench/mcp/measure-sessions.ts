import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findFreePort } from '../../cli/database/find-free-port.ts';
import { type Stack, startStack } from '../../cli/stack/start-stack.ts';
import { type StatePaths, statePaths } from '../../cli/stack/state-paths.ts';
import { createBoard } from '../../cli/terminal/board.ts';
import { rounded } from '../measure/quantiles.ts';
import { diskMibOf } from '../memory/disk-of.ts';
import { memoryOf } from '../memory/memory-of.ts';
import { openBenchTenant } from '../stack/bench-tenant.ts';
import { type Conversation, type Driven, drive } from './drive.ts';
import { type Caller, expectAnswer, mcpPost, open } from './revisions.ts';

/** What sessions with state cost, and whether a restart lost any. */
export interface SessionsReport {
  readonly sessions: number;
  /** Memory of the Worker for one session, in KiB, while all objects are awake. */
  readonly awakeKib: number;
  /** The same of as many sessions more, opened when the first were asleep: what those did not give back. */
  readonly nextKib: number;
  /** Disk for one session, in KiB. */
  readonly diskKib: number;
  /** Sessions whose state was not there after the Worker had been ended and started again. */
  readonly lost: number;
  readonly firstLoss: string | null;
}

const REVISION = '2025-11-25';
const CLIENTS = 16;
/** Three calls to open it and two to ask it, of the 600 that a token may make in a minute. */
const SESSIONS_A_TOKEN = 50;
const COLLECTING_CALLS = 1_000;
/** An object that nobody asks for 10 s loses its memory in workerd. */
const ASLEEP_MS = 15_000;

/**
 * Opens sessions with state on a stack of its own, whose Worker has the tools of the conformance suite; ends the stack,
 * starts it again on the same folder, and asks each session for what it should remember: that it wants to hear of errors alone.
 */
export async function measureSessions(
  sessions: number,
  say: (doing: string) => void,
): Promise<SessionsReport> {
  const stateDir = mkdtempSync(join(tmpdir(), 'causeway-bench-sessions-'));
  const paths = statePaths(stateDir);
  const port = await findFreePort();
  try {
    const tokenCount = Math.ceil(sessions / SESSIONS_A_TOKEN);
    say(`Opening ${sessions} sessions with state.`);
    const opened = await withStackIn(paths, port, async (stack) => {
      const { tokens } = await openBenchTenant(stack.ownerUrl, tokenCount);
      return openSessions({ paths, port, sessions, tokens, pid: workerOf(stack) });
    });
    say('Starting the Worker again, and asking each session.');
    const asked = await withStackIn(paths, port, async () => {
      await expectTalk(port, opened.callers[0] as Caller);
      return share(port, opened.callers, expectSilence);
    });
    const lost = opened.callers.length - asked.remembered;
    return { sessions, ...opened.cost, lost, firstLoss: asked.driven.firstLoss };
  } finally {
    rmSync(stateDir, { recursive: true, force: true });
  }
}

async function withStackIn<T>(
  paths: StatePaths,
  port: number,
  work: (stack: Stack) => Promise<T>,
): Promise<T> {
  const options = { paths, port, publicUrl: `http://127.0.0.1:${port}`, slots: 0, durable: true } as const;
  const stack = await startStack(
    { ...options, engine: 'workerd', entry: 'conformance' },
    createBoard(),
    new AbortController().signal,
  );
  try {
    return await work(stack);
  } finally {
    await stack.stop();
  }
}

async function openSessions({
  paths,
  port,
  sessions,
  tokens,
  pid,
}: {
  readonly paths: StatePaths;
  readonly port: number;
  readonly sessions: number;
  readonly tokens: readonly string[];
  readonly pid: number;
}) {
  const callers: Caller[] = [];
  const strangers = Array.from({ length: sessions }, (_, index) => ({
    path: '/mcp',
    token: tokens[index % tokens.length] ?? '',
    session: null,
  }));
  // The first use of each token hashes its secret, and fills what is filled once.
  await share(port, strangers.slice(0, tokens.length), function* (caller) {
    yield* open(REVISION, caller);
  });
  await collect(port, strangers);
  const before = { mib: memoryOf([pid]).ownMib, diskMib: diskMibOf([paths.worker]) };
  const openAll = () =>
    share(port, strangers, function* (caller) {
      const from = yield* open(REVISION, caller);
      const level = yield mcpPost(REVISION, from, 'logging/setLevel', { level: 'error' });
      expectAnswer(level, '"result":{}');
      callers.push(from);
    });
  refuseLoss(await openAll());
  const first = { mib: memoryOf([pid]).ownMib, diskMib: diskMibOf([paths.worker]) };
  await delay(ASLEEP_MS);
  refuseLoss(await openAll());
  const perSessionKib = (mib: number, from: number) => rounded(((mib - from) * 1024) / sessions);
  const cost = {
    awakeKib: perSessionKib(first.mib, before.mib),
    nextKib: perSessionKib(memoryOf([pid]).ownMib, first.mib),
    diskKib: perSessionKib(first.diskMib, before.diskMib),
  };
  return { callers, cost };
}

/** Work without sessions, after which what earlier work left has been collected; a Worker at rest collects nothing. */
async function collect(port: number, callers: readonly Caller[]): Promise<void> {
  await share(port, callers.slice(0, COLLECTING_CALLS), function* (caller) {
    yield mcpPost(REVISION, caller, 'tools/list');
  });
}

/** Some clients do a job for all callers between them; `remembered` counts the callers for which it went well. */
async function share(
  port: number,
  callers: readonly Caller[],
  job: (caller: Caller) => Conversation,
): Promise<{ readonly driven: Driven; readonly remembered: number }> {
  let remembered = 0;
  const driven = await drive({
    port,
    clients: CLIENTS,
    durationMs: 0,
    *begin(client) {
      for (let index = client; index < callers.length; index += CLIENTS) {
        yield* job(callers[index] as Caller);
        remembered++;
      }
    },
  });
  return { driven, remembered };
}

/** A session that wants errors alone hears nothing of a tool that informs. */
function* expectSilence(caller: Caller): Conversation {
  const answer = yield informing(caller);
  expectAnswer(answer, 'Messages were logged.');
  if (answer.body.includes('notifications/message')) throw new Error('a session forgot its logging level');
}

/** A session that said nothing does hear it: silence proves something. */
async function expectTalk(port: number, { path, token }: Caller): Promise<void> {
  const fresh = await share(port, [{ path, token, session: null }], function* (caller) {
    const answer = yield informing(yield* open(REVISION, caller));
    expectAnswer(answer, 'notifications/message');
  });
  refuseLoss(fresh);
}

function refuseLoss({ driven }: { readonly driven: Driven }): void {
  if (driven.firstLoss !== null) throw new Error(driven.firstLoss);
}

function informing(caller: Caller): Buffer {
  return mcpPost(REVISION, caller, 'tools/call', { name: 'test_logging_tool', arguments: {} });
}

function workerOf({ parts }: Stack): number {
  const worker = parts.find(({ name }) => name === 'worker');
  if (worker === undefined) throw new Error('the stack has no Worker');
  return worker.pid;
}

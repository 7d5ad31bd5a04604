import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Env } from '../../../worker/env.ts';
import { McpSession } from '../../../worker/mcp/session/mcp-session.ts';
import type { Listening } from '../../../worker/mcp/session/session-watch.ts';
import { memorySql } from '../../support/memory-sql.ts';

/** What hours do to a session's object; the rest of its life is in `test/worker/mcp-session-*.test.ts`. */
const watches = vi.hoisted(() => ({ all: [] as { listening: Listening; isHearing: boolean }[] }));
vi.mock('../../../worker/mcp/session/session-watch.ts', () => ({
  SessionWatch: class {
    private readonly own: { listening: Listening; isHearing: boolean };
    constructor(_env: unknown, listening: Listening) {
      this.own = { listening, isHearing: false };
      watches.all.push(this.own);
    }
    async start() {
      this.own.isHearing = true;
      return true;
    }
    stop() {
      this.own.isHearing = false;
    }
  },
}));
vi.mock('cloudflare:workers', () => import('../../support/durable-object.ts'));

const MINUTE_MS = 60_000;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000 });
  vi.stubGlobal('scheduler', { wait: (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)) });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function settle() {
  const sql = memorySql();
  let alarmAt: number | null = null;
  const tables = () =>
    sql.exec("select name from sqlite_master where name not like 'sqlite_%'").toArray() as { name: string }[];
  const storage = {
    sql,
    setAlarm: async (at: number) => {
      alarmAt = at;
    },
    deleteAlarm: async () => {
      alarmAt = null;
    },
    deleteAll: async () => {
      for (const { name } of tables()) sql.exec(`drop table ${name}`);
    },
  };
  const context = { storage, waitUntil: () => {} };
  const make = () =>
    new McpSession(context as unknown as ConstructorParameters<typeof McpSession>[0], {} as Env);
  let session = make();
  return {
    tables,
    subscriptions: () => watches.all.at(-1)?.listening.subscriptions(),
    alarmAt: () => alarmAt,
    isHearing: () => watches.all.at(-1)?.isHearing,
    get session() {
      return session;
    },
    /** The object loses its memory, as in an eviction or a deploy. */
    evict() {
      session = make();
    },
    /** A change of the tenant, as far as somebody hears it. */
    change(isLate = false) {
      const { listening, isHearing } = watches.all.at(-1) ?? expect.unreachable();
      if (isHearing || isLate)
        listening.tell({ jsonrpc: '2.0', method: 'notifications/resources/list_changed' });
    },
    async listen() {
      const request = new Request('http://session/', {
        method: 'POST',
        body: JSON.stringify({ principal: {}, isPrimed: true }),
      });
      return (await session.fetch(request)).body as ReadableStream<Uint8Array>;
    },
    /** Lets time pass, with what rings in it. */
    async pass(ms: number) {
      for (const until = Date.now() + ms; ; ) {
        const next = Math.min(until, alarmAt ?? until);
        await vi.advanceTimersByTimeAsync(next - Date.now());
        if (alarmAt === null || alarmAt > next) return;
        alarmAt = null;
        await session.alarm();
      }
    },
  };
}

test('what a session keeps is dropped between one hour and an hour and a quarter after its last use', async () => {
  const { session, pass, tables, alarmAt } = settle();
  await session.setLevel('error');
  await pass(59 * MINUTE_MS);
  expect(session.level()).toBe('error');
  await pass(17 * MINUTE_MS);
  expect([tables(), alarmAt()]).toEqual([[], null]);
});

test('an open stream is use; a client that comes back to it within the hour finds its subscriptions', async () => {
  const settled = settle();
  const stream = await settled.listen();
  await settled.session.subscribe('project://prj');
  await settled.pass(10 * 60 * MINUTE_MS + 14 * MINUTE_MS);
  await stream.cancel();
  await settled.pass(50 * MINUTE_MS);
  expect(settled.subscriptions()).toEqual(['project://prj']);
});

test('so it does where the object was evicted under its stream', async () => {
  const settled = settle();
  await settled.listen();
  await settled.session.setLevel('error');
  await settled.pass(10 * 60 * MINUTE_MS + 59 * MINUTE_MS);
  settled.evict();
  await settled.pass(44 * MINUTE_MS);
  expect(settled.session.level()).toBe('error');
});

test('what is heard while a session is forgotten, or after it was deleted, leaves nothing in storage', async () => {
  const deleted = settle();
  await deleted.listen();
  await deleted.session.end();
  expect(deleted.isHearing()).toBe(false);
  deleted.change();
  deleted.change(true);
  await deleted.pass(MINUTE_MS);
  expect([deleted.tables(), deleted.alarmAt()]).toEqual([[], null]);

  const forgotten = settle();
  const stream = await forgotten.listen();
  await stream.cancel();
  forgotten.change();
  await forgotten.pass(76 * MINUTE_MS);
  forgotten.change();
  expect([forgotten.tables(), forgotten.alarmAt()]).toEqual([[], null]);
});

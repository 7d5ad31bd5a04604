import { expect, test, vi } from 'vitest';
import type { Env } from '../../../worker/env.ts';
import { RunFeed } from '../../../worker/runs/run-feed.ts';
import { memorySql } from '../../support/memory-sql.ts';

/** What the platform does only after a minute is called here; the rest of a feed's life is in `test/worker/live-output.test.ts`. */
vi.mock('cloudflare:workers', () => import('../../support/durable-object.ts'));

function feedWithSocket() {
  const sql = memorySql();
  let alarmAt: number | null = null;
  const storage = {
    sql,
    setAlarm: async (at: number) => {
      alarmAt = at;
    },
    deleteAlarm: async () => {
      alarmAt = null;
    },
    deleteAll: async () => {
      sql.exec('drop table events');
    },
  };
  const socket = {
    readyState: WebSocket.OPEN as number,
    sent: [] as string[],
    send: (text: string) => socket.sent.push(text),
    close: () => {
      socket.readyState = WebSocket.CLOSED;
    },
    deserializeAttachment: () => 1,
  };
  const context = { storage, getWebSockets: () => [socket], waitUntil: () => {} };
  const open = () => new RunFeed(context as unknown as ConstructorParameters<typeof RunFeed>[0], {} as Env);
  const tables = () => sql.exec('select name from sqlite_master').toArray();
  return {
    open,
    socket: socket as unknown as WebSocket & { sent: string[] },
    tables,
    alarmAt: () => alarmAt,
  };
}

const printed = (sequence: number, text: string) =>
  JSON.stringify({ kind: 'stdout', sequence, at_ms: 0, text });
const MUCH = 'x'.repeat(100_000);

test('a feed whose executor is gone and whose end nobody tells empties itself by its alarm', async () => {
  const { open, socket, tables, alarmAt } = feedWithSocket();
  const feed = open();
  feed.webSocketMessage(socket, printed(1, MUCH));
  expect(tables()).toHaveLength(1);
  await feed.alarm();
  expect(tables(), 'while its executor is there it stays').toHaveLength(1);
  expect(alarmAt()).toBeGreaterThan(Date.now() + 60_000);
  socket.close();
  await feed.webSocketClose(socket, 1006);
  expect(alarmAt()).toBeLessThanOrEqual(Date.now() + 60_000);
  await open().alarm();
  expect([tables(), alarmAt()]).toEqual([[], null]);
});

test('what comes after the end of a run is not kept', async () => {
  const { open, socket, tables } = feedWithSocket();
  const feed = open();
  await feed.finish();
  feed.webSocketMessage(socket, printed(1, MUCH));
  expect([tables(), feed.soFar().stdout]).toEqual([[], '']);
});

test('a socket is told only of what is on the disk', () => {
  const { open, socket } = feedWithSocket();
  const feed = open();
  feed.webSocketMessage(socket, printed(1, 'little'));
  expect(socket.sent).toEqual([]);
  feed.webSocketMessage(socket, printed(2, MUCH));
  expect(socket.sent).toEqual(['{"have":2}']);
});

import { setTimeout as delay } from 'node:timers/promises';
import type { ServerEvent } from '@modelcontextprotocol/server';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { encodeBase64url } from '../../../protocol/base64url.ts';
import { newId } from '../../../protocol/ids.ts';
import { DatabaseUnavailable, EntryRefused } from '../../../worker/database/errors.ts';
import { importTicketKey } from '../../../worker/database/ticket.ts';
import { watchChanges } from '../../../worker/mcp/listen/watch-changes.ts';
import type { Platform } from '../../../worker/platform.ts';
import type { Change } from '../../../worker/tenants/changes/change.ts';
import type { Principal } from '../../../worker/tenants/principal.ts';

// What a real gate and a real database do not do on demand: be replaced, be away, refuse at a chosen moment.

/** How long a stream wished to wait, each time. */
const waits: number[] = [];

beforeAll(() => {
  const wait = (ms: number, { signal }: { signal?: AbortSignal } = {}) => {
    waits.push(ms);
    return delay(ms, undefined, signal === undefined ? {} : { signal });
  };
  vi.stubGlobal('scheduler', { wait });
});
afterAll(() => vi.unstubAllGlobals());

/** A gate that is played: its lines can be cut, and it can be away. */
class PlayedGate {
  readonly lines: EventTarget[] = [];
  isAway = false;
  readonly namespace = {
    idFromName: (name: string) => name,
    get: () => ({ fetch: async () => this.connect() }),
  };

  say(change: Change): void {
    this.lines.at(-1)?.dispatchEvent(Object.assign(new Event('message'), { data: JSON.stringify(change) }));
  }

  cut(): void {
    this.lines.at(-1)?.dispatchEvent(new Event('close'));
  }

  private connect() {
    if (this.isAway) throw new Error('the gate is being replaced');
    const line = Object.assign(new EventTarget(), { accept() {}, close() {} });
    this.lines.push(line);
    return { webSocket: line };
  }
}

const FILE: Change = { kind: 'files', project: 'prj_1', paths: ['a.py'], listed: false };
const A = 'project://prj_1/a.py';
const B = 'project://prj_1/b.py';

async function watch(
  options: { readonly ready?: () => Promise<void>; readonly world?: { readonly endsAt: number } } = {},
) {
  const gate = new PlayedGate();
  const world = {
    answers: [] as (Error | null)[],
    looks: 0,
    role: 'member',
    endsAt: null as number | null,
    ...options.world,
  };
  const transaction = async () => {
    world.looks++;
    const answer = world.answers.shift() ?? null;
    if (answer !== null) throw answer;
    const visible = { projects: new Map([['prj_1', 'Sales']]), runs: new Set() };
    return [{ role: world.role, scopes: [], projects: null }, visible, world.endsAt];
  };
  const ticketKey = await importTicketKey(encodeBase64url(new Uint8Array(32).fill(7)));
  const platform = { env: { TENANT_GATE: gate.namespace }, database: { ticketKey, transaction } };
  const principal = {
    tenantId: newId('tenant'),
    userId: 'usr_1',
    credential: { kind: 'api_token', id: newId('token') },
    needs: { scopes: [], role: null },
  };
  const heard: string[] = [];
  const leaving = new AbortController();
  const { ended } = await watchChanges(platform as unknown as Platform, principal as unknown as Principal, {
    filter: () => ({ toolsListChanged: true, resourceSubscriptions: [A, B] }),
    deliver: (event: ServerEvent) => heard.push(event.kind === 'resource_updated' ? event.uri : event.kind),
    signal: leaving.signal,
    ...options,
  });
  return { gate, world, heard, ended, leave: () => leaving.abort() };
}

describe('a stream of changes', { concurrent: true }, () => {
  test('whose gate is replaced says that anything may have changed, once it hears again', async () => {
    const { gate, heard, ended, leave } = await watch();
    gate.isAway = true;
    gate.cut();
    gate.isAway = false;
    await vi.waitUntil(() => heard.length >= 3, { timeout: 10_000 });
    expect(heard).toEqual(['tools_list_changed', A, B]);
    gate.say(FILE);
    await vi.waitUntil(() => heard.length === 4, { timeout: 10_000 });
    expect(heard.at(-1)).toBe(A);
    leave();
    expect(await ended).toBe('gone');
  });

  test('tells nothing while the database is away, and afterwards that anything may have changed', async () => {
    const { gate, world, heard, ended, leave } = await watch();
    await vi.waitUntil(() => world.looks === 1);
    world.answers.push(new DatabaseUnavailable('away'), new DatabaseUnavailable('away'));
    gate.say(FILE);
    await vi.waitUntil(() => world.looks === 3, { timeout: 15_000 });
    expect(heard).toEqual([]);
    await vi.waitUntil(() => heard.length > 0, { timeout: 15_000 });
    expect(heard).toEqual(['tools_list_changed', A, B]);
    leave();
    await ended;
  });

  test('ends at once when its person’s access changed and the database refuses it', async () => {
    const { gate, world, heard, ended } = await watch();
    await vi.waitUntil(() => world.looks === 1);
    world.answers.push(new EntryRefused('membership_ended', []));
    gate.say({ kind: 'access', user: 'usr_1' });
    gate.say(FILE);
    expect(await ended).toBe('refused');
    expect(heard).toEqual([]);
  });

  test('is left alone when the access of somebody else changed', async () => {
    const { gate, world, ended, leave } = await watch();
    await vi.waitUntil(() => world.looks === 1);
    gate.say({ kind: 'access', user: 'usr_2' });
    gate.say(FILE);
    await vi.waitUntil(() => world.looks === 2, { timeout: 10_000 });
    leave();
    await ended;
  });

  test('says that lists may be others when its rights are', async () => {
    const { gate, world, heard, ended, leave } = await watch();
    await vi.waitUntil(() => world.looks === 1);
    world.role = 'viewer';
    gate.say({ kind: 'access', user: null });
    await vi.waitUntil(() => heard.length > 0, { timeout: 10_000 });
    expect(heard).toEqual(['tools_list_changed']);
    leave();
    await ended;
  });

  test('tells a client that reads slowly all at once, each thing once', async () => {
    let take = () => {};
    const taken = () =>
      new Promise<void>((resolve) => {
        take = resolve;
      });
    const { gate, world, heard, ended, leave } = await watch({ ready: taken });
    for (let n = 0; n < 5_000; n++) gate.say({ ...FILE, paths: [n % 2 === 0 ? 'a.py' : 'b.py'] });
    await vi.waitUntil(() => world.looks === 1);
    // It looks whether it may go on, and still tells nothing.
    gate.say({ kind: 'access', user: null });
    await vi.waitUntil(() => world.looks === 2, { timeout: 10_000 });
    await delay(50);
    expect(heard).toEqual([]);
    const isTold = () => {
      take();
      return heard.length > 0;
    };
    await vi.waitUntil(isTold, { timeout: 10_000 });
    expect(heard).toEqual([A, B]);
    leave();
    await ended;
  });
});

test('a stream asks again at the moment at which its credential ends by itself, and not later', async () => {
  waits.length = 0;
  const { world, ended } = await watch({ world: { endsAt: Date.now() + 1_500 } });
  world.answers.push(null, new EntryRefused('expired', []));
  expect(await ended).toBe('refused');
  expect(Math.max(...waits)).toBeLessThanOrEqual(1_500);
  expect(Date.now()).toBeGreaterThanOrEqual(Number(world.endsAt));
});

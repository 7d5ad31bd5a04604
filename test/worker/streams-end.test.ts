import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type ApiClient, apiSession } from '../support/api.ts';
import { listen } from '../support/listen.ts';
import { callTool } from '../support/mcp-call.ts';
import { openSession, SseReader } from '../support/mcp-session.ts';
import { RawSocket } from '../support/mcp-socket.ts';
import { type Person, settlePerson } from '../support/people.ts';
import { queryAs } from '../support/query-as.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { type Account, settleAccount } from '../support/visitor.ts';

const stack = sharedStack();

let owner: Account;
let api: ApiClient;
beforeAll(async () => {
  owner = await settleAccount(stack, { name: 'Owner' });
  api = await apiSession(stack, owner);
});

/** Opens something that lasts; what it gives resolves when the server has ended it. */
type Open = (token: string) => Promise<{ readonly ended: Promise<unknown> }>;

const listening: Open = async (token) => {
  const stream = await listen(stack, token, { toolsListChanged: true });
  onTestFinished(() => stream.close());
  return { ended: drained(() => stream.next()) };
};

const session: Open = async (token) => {
  const stream = new SseReader(await (await openSession(stack, token)).listen());
  onTestFinished(() => stream.cancel());
  await stream.next();
  return { ended: drained(() => stream.next()) };
};

const socket: Open = async (token) => {
  const opened = await RawSocket.open(stack, { authorization: `Bearer ${token}` });
  if (typeof opened === 'number') throw new Error(`upgrade: ${opened}`);
  onTestFinished(() => opened.close());
  return { ended: opened.closed };
};

async function drained(next: () => Promise<unknown>): Promise<void> {
  while ((await next()) !== null);
}

const LASTING = { listening, session, socket };
const ENDS: readonly [string, (leaver: Person) => Promise<unknown>][] = [
  [
    'its token is revoked',
    ({ tenant, tokenId }) => api.get('revokeToken', { params: { tenant, token: tokenId } }),
  ],
  ['its person is removed', ({ tenant, user }) => api.get('removeMember', { params: { tenant, user } })],
];

/**
 * The same, opened before the one that is watched, by a token that the operator's SQL revokes: nobody is told, so it ends by
 * its own look, which comes every half minute and before that of the other.
 */
async function openOnlyLooking(open: Open) {
  const other = await settlePerson(stack, { name: 'Other' });
  const { ended } = await open(other.token);
  return {
    ended: ended.then(() => 'what only looks'),
    async revoke() {
      // Once this call has entered the tenant, the stream has looked for the first time.
      await callTool(stack, other.token, 'whoami');
      const revoke = 'update app.api_tokens set revoked_at = now() where token_id = $1';
      await queryAs(stack.superuserUrl, revoke, [other.tokenId]);
    },
  };
}

let people = 0;
function settleMember(): Promise<Person> {
  people += 1;
  return settlePerson(stack, { name: `Member${people}`, tenant: owner.tenant, role: 'member' });
}

describe.each(Object.entries(LASTING))('what lasts (%s)', (_what, open) => {
  test.each(ENDS)('ends at once when %s, before one that only looks now and then', async (_why, end) => {
    const leaver = await settleMember();
    const looking = await openOnlyLooking(open);
    const { ended } = await open(leaver.token);
    await looking.revoke();
    await end(leaver);
    expect(await Promise.race([looking.ended, ended.then(() => 'what is told')])).toBe('what is told');
  });
});

/** Opens a stream; what it gives resolves once it was told that the list of tools may be another. */
type Hear = (token: string) => Promise<{ readonly told: Promise<unknown> }>;

const HEARING: readonly (readonly [string, Hear])[] = [
  [
    'of 2026-07-28',
    async (token) => {
      const stream = await listen(stack, token, { toolsListChanged: true });
      onTestFinished(() => stream.close());
      return { told: stream.until(({ method }) => method === 'notifications/tools/list_changed') };
    },
  ],
  [
    'of a session',
    async (token) => {
      const stream = new SseReader(await (await openSession(stack, token)).listen());
      onTestFinished(() => stream.cancel());
      await stream.next();
      const untilTold = async () => {
        for (let event = await stream.next(); event !== null; event = await stream.next())
          if (event.message?.method === 'notifications/tools/list_changed') return;
        throw new Error('the stream ended');
      };
      return { told: untilTold() };
    },
  ],
];

test.each(HEARING)(
  'a stream %s is told at once that lists may be others when its person’s role is changed',
  async (_which, hear) => {
    const lowered = await settleMember();
    const looking = await openOnlyLooking(listening);
    const { told } = await hear(lowered.token);
    await looking.revoke();
    const params = { tenant: owner.tenant, user: lowered.user };
    await api.get('changeRole', { params, body: { role: 'viewer' } });
    expect(await Promise.race([looking.ended, told.then(() => 'what is told')])).toBe('what is told');
  },
);

import { describe, expect, test } from 'vitest';
import { limit } from '../../../protocol/limits.ts';
import {
  describeRedirect,
  judgeRedirect,
  judgeRegisteredRedirect,
} from '../../../worker/oauth/redirect-uri.ts';

describe('a redirect URI may be registered', () => {
  test.each<[string, boolean]>([
    ['https://agent.example/callback', true],
    ['https://agent.example', true],
    ['https://agent.example/callback?fixed=1', true],
    ['http://127.0.0.1/callback', true],
    ['http://127.0.0.1:33418', true],
    ['http://[::1]:8080/callback', true],
    ['http://localhost:8080/callback', true],
    ['com.example.agent:/callback', true],
    ['cursor://anysphere.cursor-mcp/oauth/callback', true],
    ['vscode://vscode.github-authentication/did-authenticate', true],
    ['claude://callback', true],
    ['vscode-insiders://callback', true],
    ['windsurf://callback', true],
    ['zed://callback', true],
    [`https://agent.example/${'x'.repeat(limit('uri_chars') - 22)}`, true],
    [`https://agent.example/${'x'.repeat(limit('uri_chars') - 21)}`, false],
    ['https://:secret@agent.example/callback', false],
    ['a+com.example:/callback', false],
    ['com.example+a:/callback', false],
    ['http://agent.example/callback', false],
    ['http://127.0.0.2/callback', false],
    ['http://localhost.evil.example/callback', false],
    ['http://127.0.0.1.evil.example/callback', false],
    ['http://127.0.0.1@evil.example/callback', false],
    ['https://user@agent.example/callback', false],
    ['https://agent.example/callback#fragment', false],
    ['https://agent.example/a/../callback', false],
    ['https://agent.example/a/%2e%2e/callback', false],
    ['https://agent.example/a%2Eb', false],
    ['https://AGENT.example/callback', false],
    ['https://agent.example:443/callback', false],
    ['https://agent.example\\@evil.example/', false],
    ['https://аgent.example/callback', false],
    ['https:agent.example/callback', false],
    ['//agent.example/callback', false],
    ['/callback', false],
    ['', false],
    ['javascript:alert(1)', false],
    ['JAVASCRIPT:alert(1)', false],
    ['data:text/html,<script>', false],
    ['vbscript:x', false],
    ['file:///etc/passwd', false],
    ['blob:https://agent.example/x', false],
    ['about:blank', false],
    ['ftp://agent.example/x', false],
    ['mailto:a@agent.example', false],
    ['https://agent.example/\u202e', false],
    [' https://agent.example/', false],
    ['https://agent.example/\n', false],
    [`https://agent.example/${'x'.repeat(1000)}`, false],
  ])('%j: %s', (uri, isAllowed) => {
    expect(judgeRegisteredRedirect(uri, null).ok).toBe(isAllowed);
  });

  test.each<[string, boolean]>([
    ['https://claude.ai/api/mcp/auth_callback', true],
    ['https://claude.ai.evil.example/cb', false],
    ['https://sub.claude.ai/cb', false],
    ['https://agent.example/cb', false],
    ['http://127.0.0.1/cb', true],
    ['cursor://x/cb', true],
  ])('where only claude.ai is allowed, %s: %s', (uri, isAllowed) => {
    expect(judgeRegisteredRedirect(uri, ['claude.ai']).ok).toBe(isAllowed);
  });
});

describe('a redirect URI of a request is one of the registered, letter by letter', () => {
  const WEB = 'https://agent.example/cb';
  const LOOPBACK = 'http://127.0.0.1:9999/cb?x=1';
  test.each<[string, string | undefined, readonly string[], boolean]>([
    ['the same', WEB, [WEB], true],
    ['one of two', WEB, [LOOPBACK, WEB], true],
    ['omitted, one registered', undefined, [WEB], true],
    ['omitted, two registered', undefined, [WEB, LOOPBACK], false],
    ['omitted, none registered', undefined, [], false],
    ['a prefix', 'https://agent.example/c', [WEB], false],
    ['a longer path', `${WEB}/more`, [WEB], false],
    ['a port at https', 'https://agent.example:444/cb', [WEB], false],
    ['another port at loopback', 'http://127.0.0.1:1/cb?x=1', [LOOPBACK], true],
    ['no port at loopback', 'http://127.0.0.1/cb?x=1', [LOOPBACK], true],
    ['a port of six digits', 'http://127.0.0.1:100000/cb?x=1', [LOOPBACK], false],
    ['port 65536', 'http://127.0.0.1:65536/cb?x=1', [LOOPBACK], false],
    ['port 65535', 'http://127.0.0.1:65535/cb?x=1', [LOOPBACK], true],
    ['a port with zeros before it', 'http://127.0.0.1:000001/cb?x=1', [LOOPBACK], false],
    ['a colon without a port', 'http://127.0.0.1:/cb?x=1', [LOOPBACK], false],
    ['loopback inside another address', `evil:${LOOPBACK}`, [LOOPBACK], false],
    ['loopback where none is registered', LOOPBACK, [WEB], false],
    ['another port without a path', 'http://127.0.0.1:2', ['http://127.0.0.1:1'], true],
    ['a path where none is registered', 'http://127.0.0.1:2/cb', ['http://127.0.0.1:1'], false],
    ['another query at loopback', 'http://127.0.0.1:9999/cb?x=2', [LOOPBACK], false],
    ['a fragment at loopback', `${LOOPBACK}#f`, [LOOPBACK], false],
    ['localhost for 127.0.0.1', 'http://localhost:9999/cb?x=1', [LOOPBACK], false],
    ['user info at loopback', 'http://127.0.0.1:9999@evil.example/cb?x=1', [LOOPBACK], false],
    ['IPv6 with another port', 'http://[::1]:2/cb', ['http://[::1]:1/cb'], true],
  ])('%s: %#', (_what, presented, registered, isOne) => {
    expect(judgeRedirect(presented, registered).ok).toBe(isOne);
  });
});

test('a refusal says which of the rules was broken', () => {
  expect(judgeRegisteredRedirect('javascript:1', null)).toMatchObject({ reason: 'invalid_redirect_uri' });
  expect(judgeRedirect(undefined, [])).toMatchObject({ reason: 'missing_redirect' });
  expect(judgeRedirect('https://a.example/', [])).toMatchObject({ reason: 'unregistered_redirect' });
});

test.each([
  ['https://claude.ai/cb', 'claude.ai'],
  ['http://127.0.0.1:9/cb', 'a program on this computer (127.0.0.1)'],
  ['cursor://x/cb', 'the app behind cursor:'],
])('a person reads %s as "%s"', (uri, text) => {
  expect(describeRedirect(uri)).toBe(text);
});

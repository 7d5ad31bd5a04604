import { describe, expect, test } from 'vitest';
import { canonicalResource, judgeResource } from '../../../worker/oauth/resource.ts';
import { DEFAULT_SCOPES, judgeScope, narrowScope } from '../../../worker/oauth/scope.ts';

const MCP = 'https://causeway.example/mcp';

test.each<[string, string | undefined, boolean, string]>([
  ['the canonical one', MCP, false, 'ok'],
  ['with the slash that is tolerated at /mcp', `${MCP}/`, false, 'ok'],
  ['absent', undefined, false, 'ok'],
  ['absent where it is demanded', undefined, true, 'missing_resource'],
  ['the origin', 'https://causeway.example', false, 'wrong_resource'],
  ['another path', `${MCP}2`, false, 'wrong_resource'],
  ['a path below', `${MCP}/x`, false, 'wrong_resource'],
  ['http', 'http://causeway.example/mcp', false, 'wrong_resource'],
  ['another case', 'https://causeway.example/MCP', false, 'wrong_resource'],
  ['a query', `${MCP}?x`, false, 'wrong_resource'],
  ['a fragment', `${MCP}#x`, false, 'wrong_resource'],
  ['a longer host', 'https://causeway.example.evil.example/mcp', false, 'wrong_resource'],
  ['user info', 'https://x@causeway.example/mcp', false, 'wrong_resource'],
])('resource: %s', (_what, presented, strict, outcome) => {
  const judged = judgeResource(presented, MCP, strict);
  expect(judged.ok ? 'ok' : judged.reason).toBe(outcome);
  if (judged.ok) expect(judged.value).toBe(MCP);
});

test('the one resource is the address of the MCP endpoint', () => {
  expect(canonicalResource('https://causeway.example')).toBe(MCP);
});

describe('scope', () => {
  test('what a client is given that asks for nothing is the main job, without shares and settings', () => {
    expect(DEFAULT_SCOPES).toEqual([
      'projects:read',
      'projects:write',
      'data:read',
      'data:write',
      'runs:execute',
    ]);
  });

  test.each<[string | undefined, readonly string[] | null]>([
    [undefined, DEFAULT_SCOPES],
    ['projects:read', ['projects:read']],
    ['runs:execute projects:read', ['projects:read', 'runs:execute']],
    ['projects:read projects:read', ['projects:read']],
    ['projects:read offline_access', ['projects:read']],
    ['openid', null],
    ['PROJECTS:READ', null],
    ['projects:*', null],
    ['projects:read,projects:write', null],
  ])('asked as %j', (scope, granted) => {
    const judged = judgeScope(scope);
    expect(judged.ok ? judged.value : null).toEqual(granted);
  });

  test.each<[string | undefined, readonly string[] | null]>([
    [undefined, ['a', 'b']],
    ['a', ['a']],
    ['b a', ['a', 'b']],
    ['a  b ', ['a', 'b']],
    ['a c', null],
    ['c', null],
    [' ', null],
  ])('narrowed from "a b" to %j', (scope, narrowed) => {
    const judged = narrowScope(scope, ['a', 'b']);
    expect(judged).toMatchObject(
      narrowed === null ? { ok: false, reason: 'wider_scope' } : { ok: true, value: narrowed },
    );
  });
});

import { describe, expect, test } from 'vitest';
import { LIFETIME_DAYS_MAX, parseTokenForm } from '../../../worker/tokens/parse-token-form.ts';

const FORM = {
  name: 'nightly',
  'scope:projects:read': 'on',
  'scope:runs:execute': 'on',
  role: 'member',
  days: '90',
  networks: '',
};
const parse = (changes: Readonly<Record<string, string>> = {}) =>
  parseTokenForm(new URLSearchParams({ ...FORM, ...changes }));

test('a whole form is a wish', () => {
  expect(parse()).toEqual({
    ok: true,
    wish: {
      name: 'nightly',
      scopes: ['projects:read', 'runs:execute'],
      role: 'member',
      lifetimeSeconds: 90 * 86_400,
      networks: [],
      projects: [],
    },
  });
});

describe('what people write', () => {
  test.each([
    ['blanks around and within the name', { name: '  the   job ' }, { name: 'the job' }],
    ['half a day', { days: '0.5' }, { lifetimeSeconds: 43_200 }],
    [
      'networks in lines, with commas and blanks',
      { networks: '192.0.2.0/24\r\n2001:db8::/48, 10.0.0.1  ' },
      { networks: ['192.0.2.0/24', '2001:db8::/48', '10.0.0.1'] },
    ],
    ['projects in lines', { projects: ' Sales 2026 \r\n\r\nBudget' }, { projects: ['Sales 2026', 'Budget'] }],
    ['an hour', { days: String(1 / 24) }, { lifetimeSeconds: 3600 }],
    ['a year', { days: String(LIFETIME_DAYS_MAX) }, { lifetimeSeconds: LIFETIME_DAYS_MAX * 86_400 }],
    ['50 networks', { networks: '10.0.0.1 '.repeat(50) }, { networks: Array(50).fill('10.0.0.1') }],
    ['a network of 50 characters', { networks: '1'.repeat(50) }, { networks: ['1'.repeat(50)] }],
    ['100 projects', { projects: 'x\n'.repeat(100) }, { projects: Array(100).fill('x') }],
    ['a project of 255 characters', { projects: 'x'.repeat(255) }, { projects: ['x'.repeat(255)] }],
    ['a scope that is not there', { 'scope:admin': 'on' }, { scopes: ['projects:read', 'runs:execute'] }],
  ])('%s', (_what, changes, expected) => {
    expect(parse(changes)).toMatchObject({ ok: true, wish: expected });
  });
});

describe('what is refused with a sentence', () => {
  test.each([
    ['no name', { name: '   ' }, 'name'],
    ['a name of 256 characters', { name: 'x'.repeat(256) }, 'name'],
    ['a name that would turn the line around', { name: 'job\u202etxt.exe' }, 'name'],
    ['a name with an escape', { name: 'job\u001b[31m' }, 'name'],
    ['no role', { role: '' }, 'role'],
    ['a role that is not there', { role: 'superuser' }, 'role'],
    ['no life', { days: '' }, 'lives'],
    ['a life of no time', { days: '0' }, 'lives'],
    ['a life of minus one', { days: '-1' }, 'lives'],
    ['a life for ever', { days: 'Infinity' }, 'lives'],
    ['a life of 366 days', { days: '366' }, 'lives'],
    ['a life of no number', { days: '90 days' }, 'lives'],
    ['51 networks', { networks: '10.0.0.1 '.repeat(51) }, 'networks'],
    ['a project of 256 characters', { projects: 'x'.repeat(256) }, 'projects'],
    ['101 projects', { projects: 'x\n'.repeat(101) }, 'projects'],
    ['a network of 51 characters', { networks: '1'.repeat(51) }, 'networks'],
  ])('%s', (_what, changes, about) => {
    const parsed = parse(changes);
    expect(parsed).toMatchObject({ ok: false, problem: expect.stringContaining(about) });
  });

  test('a form without any of its fields', () => {
    expect(
      parseTokenForm(new URLSearchParams({ 'scope:data:read': 'on', role: 'viewer', days: '1' })),
    ).toEqual({
      ok: false,
      problem: expect.stringContaining('Give the token a name'),
    });
    const form = new URLSearchParams({ name: 'x', 'scope:data:read': 'on', role: 'viewer', days: '1' });
    expect(parseTokenForm(form)).toMatchObject({ ok: true, wish: { networks: [], projects: [] } });
  });

  test('no scope', () => {
    const form = new URLSearchParams({ name: 'x', role: 'viewer', days: '1' });
    expect(parseTokenForm(form)).toMatchObject({ ok: false, problem: expect.stringContaining('may do') });
  });
});

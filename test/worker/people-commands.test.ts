import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { asOperatorOf } from '../support/causeway.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { PASSWORD, settleAccount, Visitor } from '../support/visitor.ts';

const stack = sharedStack();

const causeway = (...args: string[]) => asOperatorOf(stack, ...args, '--state', stack.stateDir);

const pathOf = (printed: string) => new URL(printed.trim()).pathname;

test('up gives the development owner a password, in a file that nobody else reads', async () => {
  const file = join(stack.stateDir, 'connection.json');
  const { email, password } = JSON.parse(readFileSync(file, 'utf8')) as { email: string; password: string };
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect((await new Visitor(stack).signIn(email, password)).status).toBe(303);
});

describe('owner invite', () => {
  test('prints a link at the public address, and whoever is meant becomes owner of a new tenant', async () => {
    const { code, stdout } = await causeway(
      'owner',
      'invite',
      '--email',
      'First@Owner.example',
      '--tenant-name',
      'Harbour',
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^${stack.publicUrl}/invitations/[A-Za-z0-9_-]{43}\n$`));
    const visitor = new Visitor(stack);
    const path = pathOf(stdout);
    await visitor.submit(path, path, { name: 'First', new_password: PASSWORD });
    const account = await (await visitor.get('/account')).text();
    expect(account).toContain('first@owner.example');
    expect(account).toMatch(/Harbour\s*<span class="badge">owner<\/span>/);
  });

  test('makes its links at the address that it is told', async () => {
    const { stdout } = await causeway(
      'owner',
      'invite',
      '--email',
      'a@b.example',
      '--public-url',
      'https://causeway.example',
      '--json',
    );
    expect((JSON.parse(stdout) as { link: string }).link).toMatch(
      /^https:\/\/causeway\.example\/invitations\//,
    );
  });

  test.each([
    ['no email', ['--email', 'nobody']],
    ['no id of a tenant', ['--email', 'a@b.example', '--tenant', 'acme']],
    ['a tenant that there is not', ['--email', 'a@b.example', '--tenant', 'ten_01jd0000000000000000000000']],
  ])('refuses %s with a sentence', async (_what, options) => {
    const { code, stdout, stderr } = await causeway('owner', 'invite', ...options);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/Nobody was invited|there is no such tenant/);
  });
});

describe('a token', () => {
  test.each([
    ['nobody’s email', ['--email', 'nobody'], 'nobody is no email address'],
    ['a tenant that there is not', ['--tenant', 'ten_01jd0000000000000000000000'], 'there is no such tenant'],
  ])('is not made for %s', async (_what, options, why) => {
    const { code, stdout, stderr } = await causeway('token', 'create', '--name', 'x', ...options);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(why);
  });
});

describe('break-glass', () => {
  test('prints a link that lets a person set a new password', async () => {
    const otto = await settleAccount(stack, { name: 'Otto', role: 'owner' });
    const { stdout } = await causeway('break-glass', '--email', otto.email.toUpperCase());
    const path = pathOf(stdout);
    await new Visitor(stack).submit(path, path, { new_password: 'nine white islands' });
    expect((await new Visitor(stack).signIn(otto.email, 'nine white islands')).status).toBe(303);
  });

  test('for somebody who is not there makes no link and says so', async () => {
    const { code, stdout, stderr } = await causeway('break-glass', '--email', 'nobody@nowhere.example');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('No link was made');
  });
});

describe('executor history', () => {
  test('shows when the executor of this stack was let in, and from where it joined', async () => {
    const { code, stdout } = await causeway('executor', 'history', '--json');
    expect(code).toBe(0);
    const actions = (JSON.parse(stdout) as { action: string; target_id: string }[]).map(
      ({ action, target_id }) => `${action} ${target_id.slice(0, 3)}`,
    );
    expect(actions).toContain('executor.join exe');
    expect(actions).toContain('executor.invite pol');
    expect((await causeway('executor', 'history')).stdout).toMatch(/executor\.join +exe_/);
  });
});

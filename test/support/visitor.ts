import { asOperator } from '../../cli/database/operator.ts';
import { hashSecret } from '../../cli/identity/hash-secret.ts';
import type { UserId } from '../../protocol/ids.ts';
import { type Person, type PersonWish, settlePerson } from './people.ts';
import { queryAs } from './query-as.ts';
import type { TestStack } from './stack.ts';

export const PASSWORD = 'seven green harbours';

/** A person with a password. */
export interface Account extends Person {
  readonly email: string;
}

/** Settles somebody who can sign in with {@link PASSWORD}. */
export async function settleAccount(stack: TestStack, wish: PersonWish): Promise<Account> {
  const person = await settlePerson(stack, wish);
  await asOperator(stack.ownerUrl, async (operator) =>
    operator.setPassword(person.user as UserId, await hashSecret(PASSWORD)),
  );
  const [row] = await queryAs(stack.superuserUrl, 'select email from app.users where user_id = $1', [
    person.user,
  ]);
  return { ...person, email: row?.email as string };
}

let addresses = 0;

/** The test acts as the edge: each visitor comes from an address of its own, unless a test says otherwise. */
export function newAddress(): string {
  addresses++;
  return `198.18.${process.pid % 256}.${addresses}`;
}

/** A browser without JavaScript: it keeps cookies, follows no redirect by itself, and sends forms as a browser does. */
export class Visitor {
  readonly cookies = new Map<string, string>();
  readonly stack: TestStack;
  readonly address: string;

  constructor(stack: TestStack, address: string = newAddress()) {
    this.stack = stack;
    this.address = address;
  }

  async get(path: string): Promise<Response> {
    return this.send(path, { method: 'GET' });
  }

  /** Posts fields as they are, with the headers that a browser sends from a page of this deployment. */
  async post(
    path: string,
    fields: Readonly<Record<string, string>>,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    return this.send(path, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers: { origin: this.stack.publicUrl, 'sec-fetch-site': 'same-origin', ...headers },
    });
  }

  /** Opens the page at `path` and sends its form that goes to `action`, with its hidden fields. */
  async submit(path: string, action: string, fields: Readonly<Record<string, string>>): Promise<Response> {
    const page = await (await this.get(path)).text();
    return this.post(action, { ...hiddenFields(page, action), ...fields });
  }

  async signIn(email: string, password: string = PASSWORD, returnTo = ''): Promise<Response> {
    return this.submit(`/login?return_to=${returnTo}`, '/login', { email, password });
  }

  private async send(path: string, init: RequestInit): Promise<Response> {
    const response = await fetch(`${this.stack.publicUrl}${path}`, {
      ...init,
      redirect: 'manual',
      headers: {
        'cf-connecting-ip': this.address,
        'user-agent': 'Visitor/1.0',
        cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(init.headers as Record<string, string>),
      },
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const [name = '', value = ''] = pair.split('=');
      if (line.includes('Max-Age=0')) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }
}

/** The hidden fields of the form on `page` that goes to `action`. */
export function hiddenFields(page: string, action: string): Record<string, string> {
  const [, form = ''] = page.split(`action="${action}"`);
  const [own = ''] = form.split('</form>');
  return Object.fromEntries(
    [...own.matchAll(/<input type="hidden" name="([^"]+)"(?: autocomplete="[^"]*")? value="([^"]*)">/g)].map(
      ([, name = '', value = '']) => [name, value],
    ),
  );
}

import { formRequest } from '../load/requests.ts';
import type { OpenForm } from './browser.ts';

/** The form of the sign-in page; it belongs to a browser, not to a person. */
export type LoginPage = OpenForm;

/** The `nth` caller's address, of the range for benchmarks (RFC 2544): no address is asked for more than it may. */
export function addressOf(nth: number): string {
  return `198.18.${Math.floor(nth / 250) % 250}.${(nth % 250) + 1}`;
}

/** `POST /login` as bytes. */
export function loginRequest(
  page: LoginPage,
  {
    email,
    password,
    address,
  }: { readonly email: string; readonly password: string; readonly address: string },
): Buffer {
  return formRequest(
    '/login',
    { ...page.fields, email, password },
    { ...page.headers, 'cf-connecting-ip': address },
  );
}

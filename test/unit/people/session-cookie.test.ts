import { describe, expect, test } from 'vitest';
import { cookieName, readCookie, setCookie } from '../../../worker/people/session-cookie.ts';

const SECRET = 'x'.repeat(43);
const https = 'https://causeway.example';
const local = 'http://127.0.0.1:8787';

describe('the cookie of a session', () => {
  test('is __Host-, Secure, HttpOnly and for the whole host on https', () => {
    expect(setCookie('session', SECRET, { publicUrl: https, maxAgeSeconds: 60 })).toBe(
      `__Host-causeway=${SECRET}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure`,
    );
  });

  test('on plain http on loopback is the same but for what a browser would refuse there', () => {
    expect(setCookie('form', SECRET, { publicUrl: local, maxAgeSeconds: 0 })).toBe(
      `causeway-form=${SECRET}; Path=/; Max-Age=0; HttpOnly; SameSite=Lax`,
    );
  });

  test.each([
    ['https on loopback too', 'https://127.0.0.1:8787', '__Host-causeway'],
    [
      'plain http elsewhere, where the browser then keeps nothing',
      'http://causeway.example',
      '__Host-causeway',
    ],
    ['plain http on loopback, for development', local, 'causeway'],
    ['plain http on localhost', 'http://localhost:8787', 'causeway'],
    ['plain http on loopback by IPv6', 'http://[::1]:8787', 'causeway'],
    [
      'plain http on a name that only begins like loopback',
      'http://localhost.evil.example',
      '__Host-causeway',
    ],
  ])('on %s', (_what, publicUrl, name) => {
    expect(cookieName('session', publicUrl)).toBe(name);
  });

  test.each<readonly [string, string, string | null]>([
    ['alone', `__Host-causeway=${SECRET}`, SECRET],
    ['among others', `a=b; __Host-causeway=${SECRET}; c=d`, SECRET],
    ['twice: one of them was planted', `__Host-causeway=${SECRET}; __Host-causeway=${'y'.repeat(43)}`, null],
    ['without the prefix: another host may have set it', `causeway=${SECRET}`, null],
    ['of another form', '__Host-causeway=short', null],
    ['with something before it', `__Host-causeway=!${SECRET}`, null],
    ['with something behind it', `__Host-causeway=${SECRET}!`, null],
    ['absent', '', null],
    ['behind blanks and a tab', `a=b; \t __Host-causeway=${SECRET}`, SECRET],
    ['with a blank in it', `__Host-causeway=${SECRET.slice(1)} x`, null],
    ["behind a tab, as another's server may write it", `a=b;\t__Host-causeway=${SECRET}`, SECRET],
    ...['\u00a0', '\u0085', '\v', '\f', '\u001f'].map((blank): [string, string, null] => [
      `behind ${JSON.stringify(blank)}, with which a neighbouring host may set it`,
      `a=b; ${blank}__Host-causeway=${SECRET}`,
      null,
    ]),
  ])('%s', (_what, cookie, expected) => {
    const request = new Request(https, { headers: { cookie } });
    expect(readCookie(request, 'session', https)).toBe(expected);
  });
});

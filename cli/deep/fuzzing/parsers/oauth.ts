import { BlockList, isIP } from 'node:net';
import { formatApiToken, parseApiToken } from '../../../../protocol/api-token.ts';
import { parseOrigins } from '../../../../worker/http/parse-origins.ts';
import { presentedClient } from '../../../../worker/oauth/authenticate-client.ts';
import { parseParameters } from '../../../../worker/oauth/parameters.ts';
import { judgeRedirect, judgeRegisteredRedirect } from '../../../../worker/oauth/redirect-uri.ts';
import { parseUserCode } from '../../../../worker/oauth/user-code.ts';
import { judgeAddress } from '../../../../worker/outbound/judge-address.ts';
import { parseReturnPath } from '../../../../worker/people/return-address.ts';
import { readCookie } from '../../../../worker/people/session-cookie.ts';
import { readProof } from '../../../../worker/runs/routes/connection-proof.ts';
import { type Parser, promise } from '../parser.ts';

const ADDRESSES = [
  'https://',
  'http://',
  'agent.example',
  '127.0.0.1',
  '[::1]',
  'localhost',
  '/',
  '/cb',
  ':',
  ':443',
  ':9999',
  '@',
  '?',
  '#',
  '%2e',
  '..',
  '\\',
  '\t',
  '\n',
  'javascript:',
  'data:',
  'blob:',
  'com.example.app:',
  'cursor://',
  '0x7f.1',
  '2130706433',
  '[::ffff:10.0.0.1]',
  '169.254.169.254',
  '.internal',
  '。',
  '\u00ad',
  'а',
];
const SECRET = 'A'.repeat(43);

/** By another's judgement: blocks of Node's. One list a family, since it finds IPv4 addresses in mapped blocks of IPv6. */
const INSIDE = { ipv4: new BlockList(), ipv6: new BlockList() };
for (const [family, blocks] of [
  [
    'ipv4',
    '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.2.0/24 192.168.0.0/16 198.18.0.0/15 224.0.0.0/3',
  ],
  [
    'ipv6',
    '::/96 ::ffff:0:0/96 64:ff9b::/96 2001::/23 2001:db8::/32 3fff::/20 2002::/16 fc00::/7 fe80::/10 ff00::/8',
  ],
] as const)
  for (const block of blocks.split(' ')) {
    const [net = '', bits] = block.split('/');
    INSIDE[family].addSubnet(net, Number(bits), family);
  }

export const OAUTH_PARSERS: readonly Parser[] = [
  {
    name: 'redirect-uri',
    file: 'worker/oauth/redirect-uri.ts',
    says: 'where a client wants a browser sent: nothing that runs, hides a user or is read otherwise by a browser',
    pieces: ADDRESSES,
    check(input) {
      const registered = judgeRegisteredRedirect(input, null);
      if (registered.ok) {
        const url = new URL(input);
        promise(url.username === '' && url.password === '' && url.hash === '', 'it hides nobody');
        promise(
          !/^(javascript|data|blob|file|vbscript|about|ftp|mailto|ws|wss):$/.test(url.protocol),
          'it is nothing that runs',
        );
        promise(
          url.protocol !== 'http:' || ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname),
          'plain http is of this machine',
        );
        promise(url.href === input || url.href === `${input}/`, 'a browser reads it as it is written');
        promise(judgeRedirect(input, [input]).ok, 'the same is found among the registered');
      }
      const known = ['https://agent.example/cb', 'http://127.0.0.1/cb'];
      if (judgeRedirect(input, known).ok)
        promise(
          known[0] === input || /^http:\/\/127\.0\.0\.1(:\d{1,5})?\/cb$/.test(input),
          'only the port of this machine may differ',
        );
    },
  },
  {
    name: 'address',
    file: 'worker/outbound/judge-address.ts',
    says: 'an address to fetch or to send the audit log to: https, to the outside, whatever its spelling',
    pieces: ADDRESSES,
    check(input) {
      const judged = judgeAddress(input, { loopbackOrigins: [] });
      if (!judged.ok) return;
      const { protocol, hostname, port, username } = new URL(input);
      promise(
        protocol === 'https:' && port === '' && username === '' && !judged.isLoopback,
        'it is plain https',
      );
      const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
      const family = isIP(host);
      promise(!INSIDE.ipv4.check(host, 'ipv4') && !INSIDE.ipv6.check(host, 'ipv6'), `${host} is outside`);
      promise(family !== 0 || host.includes('.'), 'a name has a dot');
    },
  },
  {
    name: 'return-path',
    file: 'worker/people/return-address.ts',
    says: 'where a person goes after signing in: a path of this deployment in every reading',
    pieces: [
      '/',
      '//',
      '/\\',
      'account',
      '?',
      '#',
      '%2f',
      '%5c',
      '\t',
      '..',
      '.',
      '@evil.example',
      'https:',
      '\u0000',
      '/./',
      '/..//',
    ],
    check(input) {
      const path = parseReturnPath(input);
      if (path === null) return;
      for (const origin of ['https://a.example', 'http://127.0.0.1:8787'])
        promise(new URL(path, origin).origin === origin, 'it leads to no other origin');
      promise(
        /^\/(?!\/)[\x21-\x7e]*$/.test(path) && parseReturnPath(path) === path,
        'it is a path, and read again the same',
      );
    },
  },
  {
    name: 'cookie',
    file: 'worker/people/session-cookie.ts',
    says: 'the cookies of a browser: one secret of its form, and of two none',
    pieces: [
      '__Host-causeway=',
      'causeway=',
      SECRET,
      ';',
      '; ',
      '=',
      ' ',
      '"',
      '__Host-causeway-form=',
      '\u00a0',
      'B'.repeat(43),
    ],
    check(input) {
      let request: Request;
      try {
        request = new Request('https://a.example/', { headers: { cookie: input } });
      } catch {
        return; // No header that a server could be sent.
      }
      const secret = readCookie(request, 'session', 'https://a.example');
      if (secret === null) return;
      promise(/^[A-Za-z0-9_-]{43}$/.test(secret), 'it has the form of a secret');
      const sent = request.headers.get('cookie') ?? '';
      promise([...sent.matchAll(/(?:^|;)[ \t]*__Host-causeway=/g)].length === 1, 'there is no other');
    },
  },
  {
    name: 'api-token',
    file: 'protocol/api-token.ts',
    says: 'a bearer token: read only as it was written, checksum and all',
    pieces: [
      'btk_',
      '0'.repeat(26),
      '_',
      SECRET,
      '000000',
      'ZZZZZZ',
      '01jd',
      '\n',
      ' ',
      `btk_${'0'.repeat(52)}_`,
    ],
    check(input) {
      const token = parseApiToken(input);
      promise(token === null || formatApiToken(token) === input, 'it is written as it was read');
    },
  },
  {
    name: 'basic',
    file: 'worker/oauth/authenticate-client.ts',
    says: 'the Authorization header at the token endpoint: a client and its secret, or a refusal',
    pieces: [
      'Basic ',
      'basic ',
      'Y2xpX3g6c2VjcmV0',
      btoa('a:b'),
      btoa('%41:%'),
      btoa(':'),
      '=',
      'Bearer ',
      ' ',
    ],
    check(input) {
      const form = parseParameters(new URLSearchParams());
      promise(form.ok, 'an empty form is one');
      const presented = presentedClient(input, form.value);
      if (presented.ok)
        promise(presented.value.id !== '' && presented.value.secret !== null, 'it has an id and a secret');
    },
  },
  {
    name: 'executor-proof',
    file: 'worker/runs/routes/connection-proof.ts',
    says: 'what an executor shows to connect: lately, in its one form',
    pieces: [
      'Causeway-Executor ',
      'exe_01jd0000000000000000000000',
      '.',
      '1800000000',
      'n'.repeat(16),
      'A'.repeat(86),
      ' ',
      '-1',
      '1e9',
    ],
    check(input) {
      const read = readProof(input, 1_800_000_000_000);
      if (read.ok)
        promise(
          Math.abs(read.proof.seconds - 1_800_000_000) <= 600 && read.proof.signature.length === 64,
          'it is of now',
        );
    },
  },
  {
    name: 'user-code',
    file: 'worker/oauth/user-code.ts',
    says: 'the code of a device that a person types: one spelling',
    pieces: ['BCDF', 'GHJK', '-', ' ', 'b', 'c', 'ß', 'ı', 'A', 'ﬀ', '\u00a0'],
    check(input) {
      const code = parseUserCode(input);
      if (code === null) return;
      promise(
        /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/.test(code) && parseUserCode(code) === code,
        'it is a code',
      );
    },
  },
  {
    name: 'origins',
    file: 'worker/http/parse-origins.ts',
    says: 'origins that an operator allows: each as a browser writes it, none for everybody',
    pieces: [
      'https://',
      'a.example',
      ',',
      ' ',
      '*',
      ':8443',
      '/',
      'null',
      'http://localhost:1',
      '#',
      'blob:https://a.example',
    ],
    check(input) {
      for (const origin of parseOrigins(input) ?? [])
        promise(
          new URL(origin).origin === origin && !origin.includes('*') && origin !== 'null',
          'it is an origin',
        );
    },
  },
];

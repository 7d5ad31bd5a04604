import { expect, test } from 'vitest';
import { strictTransportSecurity } from '../../../worker/http/security-headers.ts';

const PUBLIC_URL = 'https://causeway.example.com';
test.each<[string, Parameters<typeof strictTransportSecurity>[0], string | null]>([
  ['a year and subdomains, where nothing is set', { PUBLIC_URL }, 'max-age=31536000; includeSubDomains'],
  ['what is set', { PUBLIC_URL, HSTS_MAX_AGE_SECONDS: '300', HSTS_INCLUDE_SUBDOMAINS: 'off' }, 'max-age=300'],
  ['an end', { PUBLIC_URL, HSTS_MAX_AGE_SECONDS: '0' }, 'max-age=0; includeSubDomains'],
  ['nothing by plain http', { PUBLIC_URL: 'http://127.0.0.1:8787' }, null],
  ['nothing on this machine', { PUBLIC_URL: 'https://localhost:8787' }, null],
  ['nothing on a name of this machine', { PUBLIC_URL: 'https://causeway.localhost' }, null],
])('Strict-Transport-Security is %s', (_what, settings, header) => {
  expect(strictTransportSecurity(settings)).toBe(header);
});

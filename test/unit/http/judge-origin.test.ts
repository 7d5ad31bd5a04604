import { describe, expect, test } from 'vitest';
import { judgeOrigin } from '../../../worker/http/check-origin.ts';

const LOCAL = 'http://127.0.0.1:8787';
const PUBLIC = 'https://causeway.example';

describe('a request of a foreign web page', () => {
  test.each<[string, string | null, string | null, string | null]>([
    [LOCAL, null, '127.0.0.1:8787', null],
    [LOCAL, 'http://127.0.0.1:8787', 'localhost:8787', null],
    [LOCAL, 'http://localhost:8787', '[::1]:8787', null],
    [LOCAL, 'http://localhost:9999', '127.0.0.1:8787', 'foreign_origin'],
    [LOCAL, 'https://localhost:8787', '127.0.0.1:8787', 'foreign_origin'],
    [LOCAL, 'null', '127.0.0.1:8787', 'foreign_origin'],
    [LOCAL, null, 'evil.example:8787', 'foreign_host'],
    [LOCAL, null, 'localhost.evil.example', 'foreign_host'],
    [LOCAL, null, '127.0.0.1.evil.example:8787', 'foreign_host'],
    [PUBLIC, 'https://causeway.example', 'behind-a-proxy.internal', null],
    [PUBLIC, 'https://causeway.example.evil.example', 'causeway.example', 'foreign_origin'],
    [PUBLIC, 'http://causeway.example', 'causeway.example', 'foreign_origin'],
    [PUBLIC, 'http://localhost', 'causeway.example', 'foreign_origin'],
  ])('at %s with Origin %j and Host %j is %j', (publicUrl, origin, host, verdict) => {
    expect(judgeOrigin(publicUrl, origin, host)).toBe(verdict);
  });
});

import { describe, expect, test } from 'vitest';
import { readListing, s3Files } from '../../../worker/blobs/tenant-files.ts';

const LISTING = `<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>blobs</Name><Prefix>ten_a/</Prefix>
<Contents><Key>ten_a/aa</Key><LastModified>2026-11-22T09:00:00.000Z</LastModified><Size>12</Size></Contents>
<Contents><Key>ten_a/audit/2026-11-22/bb</Key><Size>0</Size></Contents>
<Contents><Key>ten_b/cc</Key><Size>9</Size></Contents></ListBucketResult>`;

describe('the files of a tenant in S3', () => {
  test('are those below its prefix, folders deep, with their lengths', () => {
    expect(readListing(LISTING, 'ten_a/')).toEqual([
      { name: 'aa', bytes: 12 },
      { name: 'audit/2026-11-22/bb', bytes: 0 },
    ]);
    expect(readListing('<ListBucketResult/>', 'ten_a/')).toEqual([]);
  });

  test('are asked for behind a name, and one that cannot be removed is an error', async () => {
    const asked: string[] = [];
    const files = s3Files(async (path, { method }) => {
      asked.push(`${method} ${path}`);
      return method === 'DELETE'
        ? new Response(null, { status: path.endsWith('aa') ? 204 : 403 })
        : new Response(LISTING);
    });
    await files.list('ten_a/', 'aa', 5);
    expect(asked).toEqual(['GET ?list-type=2&prefix=ten_a%2F&max-keys=5&start-after=ten_a%2Faa']);
    await files.remove(['ten_a/aa']);
    await expect(files.remove(['ten_a/bb'])).rejects.toThrow('403');
  });

  test.each([
    [200, { 'last-modified': 'Sun, 22 Nov 2026 09:00:00 GMT' }, Date.UTC(2026, 10, 22, 9)],
    [200, {}, Number.NaN],
    [404, {}, null],
  ])('were written when the store says: %s %j', async (status, headers, at) => {
    const files = s3Files(async () => new Response(null, { status, headers }));
    expect(await files.writtenAt('ten_a/aa')).toBe(at);
  });

  test('of which the store says nothing for a fault are an error, and not gone', async () => {
    const files = s3Files(async () => new Response(null, { status: 500 }));
    await expect(files.writtenAt('ten_a/aa')).rejects.toThrow('500');
  });
});

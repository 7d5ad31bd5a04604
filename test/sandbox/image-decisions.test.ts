import { crc32, deflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { debianMirrorOf, sourcesList } from '../../infra/sandbox-image/apt/debian-mirror.ts';
import { parsePrintedUris } from '../../infra/sandbox-image/apt/resolve-debs.ts';
import { upstreamVersion } from '../../infra/sandbox-image/describe-image.ts';
import { packageChanges } from '../../infra/sandbox-image/lock.ts';
import { canonicalMode } from '../../infra/sandbox-image/tree/tidy-tree.ts';
import { isFileUnneeded, whyUnneeded } from '../../infra/sandbox-image/tree/unneeded.ts';
import { judgePip } from '../../infra/sandbox-image/wheels/pip-download.ts';
import { listZip, readZipEntry } from '../../infra/sandbox-image/wheels/read-zip.ts';
import { placeOf } from '../../infra/sandbox-image/wheels/unpack-wheels.ts';

const packages = 'usr/local/lib/python3.13/dist-packages';

describe('what is stripped', () => {
  test.each([
    ['usr/bin/perl', 'programs'],
    [`${packages}/scipy/stats/tests/`, 'tests'],
    [`${packages}/pyarrow/include/`, 'development'],
    [`${packages}/numpy/random/lib/libnpyrandom.a`, 'development'],
    [`${packages}/pyarrow/libarrow_flight.so.2600`, 'network'],
    ['usr/share/doc/libc6/changelog.gz', 'documentation'],
    ['usr/lib/python3.13/sitecustomize/__pycache__/', 'host'],
  ])('%s goes: %s', (name, why) => {
    expect(whyUnneeded(name)).toBe(why);
  });

  test.each([
    'usr/bin/',
    'usr/bin/python3.13',
    `${packages}/numpy/testing/`,
    `${packages}/numpy/_core/tests/_natype.py`,
    `${packages}/pyarrow/libarrow_python.so.2600`,
    `${packages}/pandas-3.1.1.dist-info/METADATA`,
    `${packages}/scipy-1.18.1.dist-info/licenses/LICENSE.txt`,
    'usr/share/doc/libc6/copyright',
    'usr/share/zoneinfo/Europe/Berlin',
    'usr/lib/python3.13/unittest/',
  ])('%s stays', (name) => {
    expect(whyUnneeded(name)).toBeUndefined();
  });

  test('a file goes with the folder above it', () => {
    expect(isFileUnneeded(`${packages}/scipy/stats/tests/data/x.npz`)).toBe(true);
    expect(isFileUnneeded(`${packages}/scipy/stats/data.npz`)).toBe(false);
  });
});

test.each([
  ['tmp', 'folder', 0o700, 0o1777],
  ['usr', 'folder', 0o2777, 0o755],
  ['usr/bin/python3.13', 'file', 0o4711, 0o755],
  ['etc/passwd', 'file', 0o666, 0o644],
] as const)('the mode of %s is canonical', (name, kind, mode, canonical) => {
  expect(canonicalMode(name, kind, mode)).toBe(canonical);
});

describe("the host's mirror", () => {
  test('is found among its index targets, with its security archive', () => {
    const mirror = debianMirrorOf(
      [
        'DEP-11|http://mirror.example/debian/|bookworm|main',
        'Packages|cdrom:[Debian]/|bookworm|main',
        'Packages|https://node.example/|nodistro|main',
        'Packages|http://mirror.example/debian-security/|bookworm-security|main',
        'Packages|http://mirror.example/debian/|bookworm-updates|main',
        'Packages|http://mirror.example/debian/|bookworm|main',
      ].join('\n'),
    );
    expect(mirror).toEqual({
      archive: 'http://mirror.example/debian/',
      security: 'http://mirror.example/debian-security/',
    });
    expect(sourcesList(mirror, 'trixie', '/k.gpg').match(/signed-by=\/k\.gpg/g)).toHaveLength(2);
  });

  test('is not guessed where the host is no Debian', () => {
    const ubuntu = 'Packages|http://mirror.example/ubuntu/|noble|main';
    expect(() => debianMirrorOf(ubuntu)).toThrow(expect.objectContaining({ code: 'not_debian' }));
  });
});

test('what apt prints is read with epochs and tildes', () => {
  const hash = 'a'.repeat(64);
  const text = `Reading...\n'http://m/z.deb' zlib1g_1%3a1.3~x+y_amd64.deb 88720 SHA256:${hash}\n`;
  expect(parsePrintedUris(text)).toEqual([
    { name: 'zlib1g', version: '1:1.3~x+y', bytes: 88720, sha256: hash },
  ]);
});

test.each([
  ['1:2.2.4+ds-1', '2.2.4'],
  ['3.13.5-2+deb13u5', '3.13.5'],
  ['0.14.4+dfsg-1+b4', '0.14.4'],
])('the Debian version %s is upstream %s', (debian, upstream) => {
  expect(upstreamVersion(debian)).toBe(upstream);
});

test('changes list what came, went and moved', () => {
  const before = [
    { name: 'a', version: '1' },
    { name: 'b', version: '1' },
    { name: 'same', version: '1' },
  ];
  const after = [
    { name: 'b', version: '2' },
    { name: 'c', version: '1' },
    { name: 'same', version: '1' },
  ];
  expect(packageChanges(before, after)).toEqual([
    { name: 'a', from: '1' },
    { name: 'b', from: '1', to: '2' },
    { name: 'c', to: '1' },
  ]);
});

describe('what pip says', () => {
  const says = (stderr: string) => judgePip({ exitCode: 1, stdout: '', stderr }).kind;

  test.each([
    [
      "WARNING: Retrying (Retry(total=1)) after connection broken by 'NewConnectionError('x')': /simple/six/",
      'unreachable',
    ],
    ['/usr/bin/python3: No module named pip', 'unreachable'],
    ['ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.', 'hash_mismatch'],
    ['ERROR: No matching distribution found for six==99', 'gone'],
  ])('%s is %s', (stderr, kind) => {
    expect(says(stderr)).toBe(kind);
  });

  test('success is not judged by warnings', () => {
    expect(judgePip({ exitCode: 0, stdout: '', stderr: 'WARNING: Retrying (' }).kind).toBe('downloaded');
  });
});

describe('a wheel', () => {
  test.each([
    ['numpy/core.py', 'numpy/core.py'],
    ['x-1.data/purelib/x/a.py', 'x/a.py'],
    ['x-1.data/platlib/x/a.so', 'x/a.so'],
    ['x-1.data/scripts/x', undefined],
    ['x-1.data/headers/x.h', undefined],
    ['numpy/', undefined],
  ])('%s is placed at %s', (name, place) => {
    expect(placeOf(name)).toBe(place);
  });

  test.each([
    '../etc/passwd',
    '/etc/passwd',
    'a/../../b',
    'x-1.data/purelib/../../b',
    'x-1.data/purelib//etc/passwd',
  ])('%s of a hostile wheel is refused', (name) => {
    expect(() => placeOf(name)).toThrow('outside the image');
  });

  test('that is damaged is refused', async () => {
    const zip = zipOf('a.py', Buffer.from('print(1)\n'));
    const [entry] = listZip(zip);
    expect(entry).toBeDefined();
    if (!entry) return;
    expect((await readZipEntry(zip, entry)).toString()).toBe('print(1)\n');
    await expect(readZipEntry(zip, { ...entry, crc: entry.crc ^ 1 })).rejects.toThrow('damaged');
    await expect(readZipEntry(zip, { ...entry, bytes: 4 })).rejects.toThrow();
    expect(() => listZip(Buffer.alloc(100))).toThrow('no ZIP archive');
  });
});

/** An archive with one file, made by the letter of APPNOTE. */
function zipOf(name: string, content: Buffer): Buffer {
  const packed = deflateRawSync(content);
  const crc = crc32(content);
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(name.length, 26);
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(8, 10);
  entry.writeUInt32LE(crc, 16);
  entry.writeUInt32LE(packed.length, 20);
  entry.writeUInt32LE(content.length, 24);
  entry.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(30 + name.length + packed.length, 16);
  return Buffer.concat([header, Buffer.from(name), packed, entry, Buffer.from(name), end]);
}

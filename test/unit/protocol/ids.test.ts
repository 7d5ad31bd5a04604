import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ID_PREFIXES, type IdKind, idSchema, newId, parseId } from '../../../protocol/ids.ts';

const kinds = Object.keys(ID_PREFIXES) as IdKind[];

test('an id has its prefix, the form that parses, and the version and variant bits of a UUIDv7', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...kinds),
      fc.nat({ max: 2 ** 47 }),
      fc.uint8Array({ minLength: 10, maxLength: 10 }),
      (kind, now, random) => {
        const id = newId(kind, now, random);
        expect(parseId(kind, id)).toBe(id);
        expect(idSchema(kind).parse(id)).toBe(id);
        let value = 0n;
        for (const character of id.slice(4))
          value = (value << 5n) | BigInt('0123456789abcdefghjkmnpqrstvwxyz'.indexOf(character));
        expect(value >> 80n).toBe(BigInt(now));
        expect((value >> 76n) & 0xfn).toBe(7n);
        expect((value >> 62n) & 0x3n).toBe(2n);
      },
    ),
  );
});

test('the UUIDv7 of RFC 9562, appendix A.6, is written in base32', () => {
  const random = Uint8Array.from(Buffer.from('0cc318c4dc0c0c07398f', 'hex'));
  expect(newId('run', 0x017f22e279b0, random)).toBe('run_01fwhe4ydgfk1shh6w1g60eecf');
});

test('ids sort by the time at which they were made', () => {
  const random = new Uint8Array(10).fill(255);
  expect(newId('run', 1000, random) < newId('run', 1001, new Uint8Array(10))).toBe(true);
});

test.each([
  '',
  'run_',
  'prj_00000000000000000000000000',
  'run_00000000000000000000000000x',
  'run_zzzzzzzzzzzzzzzzzzzzzzzzzz',
  'run_0000000000000000000000000U',
  'run_00000000000000000000000000\n',
])('%j is no run id', (text) => {
  expect(parseId('run', text)).toBeNull();
});

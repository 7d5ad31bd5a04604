import { printStatement, readStatement } from '../../../../infra/image-signature/statement.ts';
import { decodeBase64url, encodeBase64url } from '../../../../protocol/base64url.ts';
import { openNote, readNoteSigner, readNoteVerifier, signersOf } from '../../../../protocol/signed-note.ts';
import { readCheckpoint, writeCheckpoint } from '../../../../worker/audit/checkpoint.ts';
import { verifyAccessToken } from '../../../../worker/oauth/jwt/verify.ts';
import { importEnvelopeKey, keyIdOf, openEnvelope, sealEnvelope } from '../../../../worker/seal/envelope.ts';
import { importFernetKey, openFernet, sealFernet } from '../../../../worker/seal/fernet.ts';
import { importSealKey, seal, unseal } from '../../../../worker/seal/seal.ts';
import { readWitnessKey, readWitnessSigner } from '../../../audit/cosignature.ts';
import { readEntry, readHeader } from '../../../audit/export-line.ts';
import { bytesOf, type Parser, promise } from '../parser.ts';

const PLACE = { table: 'app.oauth_keys', column: 'private_key', row: 'key_1', tenant: 'ten_ann' };
const SEAL_KEY = encodeBase64url(new Uint8Array(32).fill(7));
const FERNET_KEY = `${encodeBase64url(new Uint8Array(32).fill(9))}=`;
const HASH = `${'A'.repeat(43)}=`;
const NOTE_KEY = 'example.com/audit+3c2d1a0b+AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA';
const envelopeKey = () => importEnvelopeKey('AAAAAAA1', new Uint8Array(32).fill(3));
const signingKeys = crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, [
  'sign',
  'verify',
]);

export const SEALED_PARSERS: readonly Parser[] = [
  {
    name: 'access-token',
    file: 'worker/oauth/jwt/verify.ts',
    says: 'a bearer that is a JWT: nothing is accepted that this server has not signed',
    pieces: [
      'eyJ',
      encodeBase64url(bytesOf('{"alg":"ES256","kid":"kkkkkkkkkkkkkkkkkkkk","typ":"at+jwt"}')),
      encodeBase64url(bytesOf('{"alg":"none"}')),
      encodeBase64url(bytesOf('{"iss":"https://a.example","exp":4000000000}')),
      '.',
      'A'.repeat(86),
      '=',
      '{}',
      'AA',
      encodeBase64url(bytesOf('null')),
    ],
    async check(input) {
      const { publicKey } = await signingKeys;
      const verified = await verifyAccessToken(input, {
        issuer: 'https://a.example',
        audience: 'https://a.example/mcp',
        keyOf: async () => publicKey,
      });
      promise(!verified.ok, 'nobody but this server signs');
    },
  },
  {
    name: 'envelope',
    file: 'worker/seal/envelope.ts',
    says: 'a secret in the database: opened where it was sealed, and as nothing else',
    pieces: ['v1.', 'AAAAAAA1', '.', 'A'.repeat(38), 'v2.', '-', '_', '='],
    async check(input) {
      const key = await envelopeKey();
      promise((await openEnvelope(key, input, PLACE)) === null, 'what was made up does not open');
      promise(keyIdOf(input) === null || input.startsWith('v1.'), 'only an envelope names a key');
      if (!input.isWellFormed()) return;
      const sealed = await sealEnvelope(key, input, PLACE);
      promise((await openEnvelope(key, sealed, PLACE)) === input, 'what was sealed opens as it was');
      promise((await openEnvelope(key, sealed, { ...PLACE, row: input })) === null, 'and nowhere else');
    },
  },
  {
    name: 'fernet',
    file: 'worker/seal/fernet.ts',
    says: 'a token of another system: read as it was written, nothing made up',
    pieces: ['gAAAAA', 'A'.repeat(64), '=', '==', '-', '_', 'g', '\u0080'],
    async check(input) {
      const key = await importFernetKey(FERNET_KEY);
      promise(!(await openFernet(key, input)).ok, 'what was made up does not open');
      const sealed = await sealFernet(key, bytesOf(input));
      const opened = await openFernet(key, sealed);
      promise(
        opened.ok && Buffer.from(opened.bytes).equals(bytesOf(input)),
        'what was sealed opens as it was',
      );
      promise(
        !(await openFernet(key, `${sealed}${input.slice(0, 4)}`)).ok || input === '',
        'not with something behind it',
      );
    },
  },
  {
    name: 'capability',
    file: 'worker/seal/seal.ts',
    says: 'links, sessions, confirmations and cursors of streams: nothing made up, nothing for another purpose',
    pieces: [
      'eyJ',
      '.',
      'A'.repeat(43),
      '=',
      encodeBase64url(bytesOf('{"p":"session","e":9999999999,"c":{}}')),
    ],
    async check(input) {
      const key = await importSealKey(SEAL_KEY);
      promise(!(await unseal(key, 'session', input)).ok, 'what was made up does not open');
      const sealed = await seal(key, 'session', { text: input.toWellFormed() }, 60_000);
      const opened = await unseal<{ text: string }>(key, 'session', sealed);
      promise(opened.ok && opened.claim.text === input.toWellFormed(), 'what was sealed opens as it was');
      promise(!(await unseal(key, 'download', sealed)).ok, 'and for nothing else');
    },
  },
  {
    name: 'base64url',
    file: 'protocol/base64url.ts',
    says: 'the one spelling of bytes: two texts are never the same bytes',
    pieces: ['AA', 'AB', '-_', '=', '+/', 'A', '\n', 'QQ'],
    check(input) {
      const bytes = decodeBase64url(input);
      promise(bytes === null || encodeBase64url(bytes) === input, 'it is the one spelling');
      promise(
        Buffer.from(decodeBase64url(encodeBase64url(bytesOf(input))) ?? []).equals(bytesOf(input)),
        'bytes come back',
      );
    },
  },
  {
    name: 'signed-note',
    file: 'protocol/signed-note.ts',
    says: 'checkpoints and signatures of images: nothing is signed that a trusted key did not sign',
    pieces: [
      'example.com/audit\n',
      '\n\n',
      '\u2014 ',
      'name ',
      'AAAAAAA=',
      '\n',
      NOTE_KEY,
      'PRIVATE+KEY+',
      '+',
      '00000000',
      '\u0001',
    ],
    async check(input) {
      const opened = await openNote(input, []);
      promise(
        !opened.ok && (opened.reason === 'malformed') === (signersOf(input) === null),
        'no key, no text',
      );
      const verifier = await readNoteVerifier(input);
      promise(
        verifier === null || input.startsWith(`${verifier.name}+${verifier.keyId}+`),
        'a key is named as it says',
      );
      await readNoteSigner(input);
      readWitnessKey(input);
      readWitnessSigner(input);
    },
  },
  {
    name: 'image-statement',
    file: 'infra/image-signature/statement.ts',
    says: 'what a signature of an image says: exactly one spelling',
    pieces: [
      'causeway.sandbox-image/v1\n',
      'digest ',
      'sha256:',
      '0'.repeat(64),
      '\n',
      'manifest ',
      'created ',
      '2026-11-22T09:00:00Z',
      '2026-13-41T99:00:00Z',
      '+00:00',
    ],
    check(input) {
      const statement = readStatement(input);
      promise(statement === null || printStatement(statement) === input, 'it is written as it was read');
    },
  },
  {
    name: 'audit-export',
    file: 'cli/audit/export-line.ts',
    says: 'an export that somebody hands over: entries with whole hashes, or none',
    pieces: [
      '{"index":',
      '0',
      ',"proof":[',
      `"${HASH}"`,
      ',',
      '],',
      '"event":',
      '{"v": 1}',
      '"removed":',
      '}',
      '\u2028',
      '{"format":"causeway-audit-export/1"',
      '"size":',
      '1e99',
      '-1',
    ],
    check(input) {
      const entry = readEntry(input);
      if (entry !== null) {
        promise(
          Number.isSafeInteger(entry.index) && entry.proof.every(({ length }) => length === 32),
          'its hashes are whole',
        );
        promise(
          'event' in entry ? input.includes(entry.event) : entry.removed.length === 32,
          'its event stands there, letter by letter',
        );
      }
      const header = readHeader(input);
      promise(
        header === null || (header.size >= 0 && header.checkpoint.length <= 8192),
        'a header is bounded',
      );
      const checkpoint = readCheckpoint(input);
      promise(
        checkpoint === null || writeCheckpoint(checkpoint) === input,
        'a checkpoint is written as it was read',
      );
    },
  },
];

import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeFolder } from '../../infra/sandbox-image/store/make-folder.ts';
import { judgeSecretFile } from '../../protocol/judge-file.ts';
import { Failure, reasonOf } from '../terminal/failure.ts';

/** Days that an authority and its certificate are good; browsers take no more than 825 of a certificate. */
const DAYS = 365;
const DAY_MS = 24 * 3600_000;
/** A certificate that ends sooner is made anew. */
const RENEWED_BEFORE_DAYS = 30;

/** Names by which programs of this machine reach it. */
export const LOCAL_NAMES: readonly string[] = ['localhost', '127.0.0.1', '::1'];

/** PEM files; the key is for its owner alone to read. */
export interface Certificates {
  /** What a client must trust. */
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly expiresAt: Date;
}

/**
 * The certificates in `dir` for `names`, made where there are none, where they are for other names or end soon. The authority
 * may vouch for these names and no other (RFC 5280, section 4.2.1.10), and its key is thrown away once it has signed: whoever trusts
 * it trusts this one certificate.
 */
export async function ensureCertificates(dir: string, names: readonly string[]): Promise<Certificates> {
  return readCertificates(dir, names) ?? (await makeCertificates(dir, names));
}

function readCertificates(dir: string, names: readonly string[]): Certificates | null {
  const files = filesIn(dir);
  if (![files.caFile, files.certFile, files.keyFile].every((file) => existsSync(file))) return null;
  const faults = judgeSecretFile(files.keyFile, statSync(files.keyFile), process.getuid?.() ?? 0);
  if (faults.length > 0)
    throw new Failure({
      what: 'The TLS key must not be used.',
      why: faults.join('; '),
      remedy: `mend it, or remove ${dir} to have another`,
    });
  const certificate = new X509Certificate(readFileSync(files.certFile));
  const expiresAt = new Date(certificate.validTo);
  const isGood =
    expiresAt.getTime() - Date.now() > RENEWED_BEFORE_DAYS * DAY_MS &&
    names.every(
      (name) => (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined,
    );
  return isGood ? { ...files, expiresAt } : null;
}

async function makeCertificates(dir: string, names: readonly string[]): Promise<Certificates> {
  makeFolder(dir, 0o700);
  const draft = mkdtempSync(join(dir, 'draft-'));
  const at = (name: string) => join(draft, name);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const subject = (name: string) => ['-subj', `/O=Causeway on this machine/CN=${name}`];
  const extensions = (...lines: readonly string[]) => lines.flatMap((line) => ['-addext', line]);
  try {
    await openssl([
      ...['req', '-x509', ...key, '-keyout', at('ca.key'), '-out', at('ca.pem'), '-days', `${DAYS}`],
      ...subject(`authority for ${names[0]}`),
      ...extensions(
        'basicConstraints=critical,CA:TRUE,pathlen:0',
        'keyUsage=critical,keyCertSign',
        `nameConstraints=critical,${names.map((name) => `permitted;${constraintOf(name)}`).join(',')}`,
      ),
    ]);
    await openssl([
      ...['req', '-x509', ...key, '-keyout', at('key.pem'), '-out', at('leaf.pem'), '-days', `${DAYS}`],
      ...['-CA', at('ca.pem'), '-CAkey', at('ca.key')],
      ...subject(names[0] ?? 'localhost'),
      ...extensions(
        'basicConstraints=critical,CA:FALSE',
        'keyUsage=critical,digitalSignature',
        'extendedKeyUsage=serverAuth',
        `subjectAltName=${names.map((name) => `${isIP(name) === 0 ? 'DNS' : 'IP'}:${name}`).join(',')}`,
      ),
    ]);
    const files = filesIn(dir);
    renameSync(at('key.pem'), files.keyFile);
    renameSync(at('ca.pem'), files.caFile);
    renameSync(at('leaf.pem'), files.certFile);
    return { ...files, expiresAt: new Date(new X509Certificate(readFileSync(files.certFile)).validTo) };
  } finally {
    rmSync(draft, { recursive: true });
  }
}

/** Where they lie in a folder. */
export function filesIn(dir: string) {
  return { caFile: join(dir, 'ca.pem'), certFile: join(dir, 'cert.pem'), keyFile: join(dir, 'key.pem') };
}

function constraintOf(name: string): string {
  if (isIP(name) === 4) return `IP:${name}/255.255.255.255`;
  if (isIP(name) === 6) return `IP:${name}/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff`;
  return `DNS:${name}`;
}

/** Files that openssl makes are for their owner alone. */
async function openssl(args: readonly string[]): Promise<void> {
  const before = process.umask(0o077);
  try {
    await promisify(execFile)('openssl', args, { env: { PATH: process.env.PATH ?? '' } });
  } catch (thrown) {
    const isMissing = (thrown as NodeJS.ErrnoException).code === 'ENOENT';
    throw new Failure({
      what: 'The certificates could not be made.',
      why: isMissing ? 'there is no openssl on this machine' : reasonOf(thrown),
      remedy: isMissing
        ? 'install it (on Debian: apt-get install openssl), version 3.0 or newer'
        : 'openssl 3.0 or newer is needed',
    });
  } finally {
    process.umask(before);
  }
}

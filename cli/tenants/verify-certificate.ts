import { type NoteVerifier, openNote } from '../../protocol/signed-note.ts';
import { type DeletionCertificate, readCertificate } from '../../worker/tenants/life/certificate.ts';
import { auditHead } from '../audit/export-line.ts';
import { proveHead } from '../audit/verify-export.ts';

export type CertificateVerdict =
  | { readonly ok: true; readonly isAuthenticated: boolean; readonly certificate: DeletionCertificate }
  | { readonly ok: false; readonly problem: string };

/**
 * Proves a certificate of deletion: its signature, and that the checkpoint in it covers the last head of the tenant's log.
 * Without a key only that it is consistent with itself.
 */
export async function verifyCertificate(note: string, key: NoteVerifier | null): Promise<CertificateVerdict> {
  let text = note.slice(0, note.lastIndexOf('\n\n') + 1);
  if (key !== null) {
    const opened = await openNote(note, [key]);
    if (!opened.ok && opened.reason === 'unknown_key') return bad(`it is not signed by ${key.name}`);
    if (!opened.ok) return bad('its signature is wrong');
    text = opened.text;
  }
  const certificate = readCertificate(text);
  if (certificate === null) return bad('what is signed is no certificate of a deletion');
  if (key !== null && certificate.deployment !== key.name)
    return bad('it names another deployment than its key');
  if (certificate.audit.tenant !== certificate.tenant) return bad('the log in it is of another tenant');
  const said = auditHead.safeParse(certificate.audit);
  const head = said.success ? await proveHead(said.data, { key }) : 'the end of the log in it is none';
  if (typeof head === 'string') return bad(head);
  return { ok: true, isAuthenticated: key !== null, certificate };
}

function bad(problem: string): CertificateVerdict {
  return { ok: false, problem };
}

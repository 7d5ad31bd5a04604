import type { DataFormat } from '../../protocol/manifest.ts';
import type { ReceivedBlob } from '../blobs/receive-blob.ts';
import { recordAudit } from '../database/audit.ts';
import type { SqlAnswer } from '../database/refusal-data.ts';
import { type AwaitedUpload, finishUpload, selectAwaitedUpload } from '../database/uploads.ts';
import { withTenant } from '../database/with-tenant.ts';
import type { Call } from '../http/call.ts';
import type { Refusal } from '../http/refusal.ts';
import { noCredential } from '../http/unauthorized.ts';
import { requireContentType } from '../input/content-type.ts';
import type { Platform } from '../platform.ts';
import { refuseRole } from '../projects/refuse-role.ts';
import type { Principal } from '../tenants/principal.ts';
import { refusedUpload, refuseUpload } from './refuse-import.ts';
import { readUploadLink } from './upload-link.ts';

/** The content types that an upload of each format may declare; none at all, or plain bytes, are accepted for every format. */
const CONTENT_TYPES: Readonly<Record<DataFormat, readonly [string, ...string[]]>> = {
  csv: [
    'text/csv',
    'text/plain',
    'application/csv',
    'application/vnd.ms-excel',
    'application/octet-stream',
    '',
  ],
  tsv: ['text/tab-separated-values', 'text/plain', 'text/csv', 'application/octet-stream', ''],
  jsonl: [
    'application/jsonl',
    'application/x-ndjson',
    'application/ndjson',
    'application/json',
    'text/plain',
    'application/octet-stream',
    '',
  ],
  parquet: ['application/vnd.apache.parquet', 'application/x-parquet', 'application/octet-stream', ''],
};

/**
 * `PUT /uploads/<link>`: streams a body into the blob store while its SHA-256 is taken. Two database requests, one
 * before a byte is read and one when all are stored. A transfer that breaks off leaves the address usable.
 */
export async function receiveUpload(
  request: Request,
  link: string,
  platform: Platform,
  call: Call,
): Promise<Response> {
  const opened = await readUploadLink(platform.sealKey, link, call);
  if (!opened.ok) {
    if (opened.reason === 'expired') throw refuseUpload('expired');
    return noCredential(call.requestId, platform.publicUrl);
  }
  const { principal, upload } = opened;

  const [awaited] = await withTenant(platform.database, principal, [selectAwaitedUpload(upload)] as const);
  if (!awaited.ok) throw refusedStep(awaited);

  requireContentType(request, CONTENT_TYPES[awaited.format]);

  const received = await receive(request, platform, principal, upload, awaited);
  if (!received.ok) {
    await withTenant(platform.database, principal, [refusedTransfer(upload, received.reason)] as const);
    throw wrongBody(received.reason, awaited);
  }

  const [finished] = await withTenant(platform.database, principal, [
    finishUpload(upload, received.sha256),
  ] as const);
  if (!finished.ok) throw refusedStep(finished);
  const { project, name, format, bytes } = awaited;
  const next = { tool: 'import_data', arguments: { project, name, format, upload } };
  return Response.json({ upload, bytes, sha256: received.sha256, next }, { status: 201 });
}

/** Where the database takes no bytes: the address is over, or whoever made it may not write to the project any more. */
function refusedStep(answer: Extract<SqlAnswer<object>, { ok: false }>): Refusal {
  if (answer.code === 'insufficient_role') return refuseRole(answer.details);
  return refuseUpload(String(answer.details?.reason));
}

function receive(
  request: Request,
  platform: Platform,
  principal: Principal,
  upload: string,
  awaited: AwaitedUpload,
): Promise<ReceivedBlob> | ReceivedBlob {
  const announced = request.headers.get('content-length');
  if (request.body === null || (announced !== null && Number(announced) !== awaited.bytes)) {
    return { ok: false, reason: 'wrong_length' };
  }
  const attempt = `${upload}-${principal.requestId}`;
  const transfer = { tenant: principal.tenantId, attempt, bytes: awaited.bytes, sha256: awaited.sha256 };
  return platform.blobs.receive(transfer, request.body);
}

function refusedTransfer(upload: string, reason: string) {
  return recordAudit({
    action: 'upload.receive',
    targetKind: 'upload',
    targetId: upload,
    outcome: 'refused',
    details: { reason },
  });
}

function wrongBody(reason: 'wrong_length' | 'wrong_sha256', awaited: AwaitedUpload): Refusal {
  const keep = 'The address can still be used.';
  return reason === 'wrong_length'
    ? refusedUpload(
        `The body is not the ${awaited.bytes} bytes that were announced. ${keep}`,
        'Send that file, or ask create_upload anew with its real size.',
        { reason, bytes: awaited.bytes },
      )
    : refusedUpload(
        `The body does not have the SHA-256 that was announced. ${keep}`,
        'Send that file, or ask create_upload anew with its real digest.',
        { reason, sha256: awaited.sha256 },
      );
}

import { newId } from '../../protocol/ids.ts';
import { limit } from '../../protocol/limits.ts';
import type { DataFormat } from '../../protocol/manifest.ts';
import { openUpload } from '../database/uploads.ts';
import { withTenant } from '../database/with-tenant.ts';
import { Refusal } from '../http/refusal.ts';
import type { Platform } from '../platform.ts';
import type { Principal } from '../tenants/principal.ts';
import { refuseData } from './refuse-import.ts';
import { sealUploadLink } from './upload-link.ts';

export interface UploadCreated {
  readonly upload: string;
  readonly url: string;
  readonly expires_at: string;
}

/** Makes the one-use address to which `bytes` can be sent. One database request. */
export async function createUpload(
  platform: Platform,
  principal: Principal,
  asked: {
    project: string;
    name: string;
    format: DataFormat;
    bytes: number;
    sha256: string | null;
    agentSees: 'schema_only' | undefined;
  },
): Promise<UploadCreated> {
  const upload = newId('upload');
  const lifetimeMs = limit('upload_lifetime_ms');
  const openMax = limit('open_uploads');
  const [answer] = await withTenant(platform.database, principal, [
    openUpload({ ...asked, upload, lifetimeMs, openMax }),
  ] as const);
  if (!answer.ok) {
    if (answer.code !== 'limit_exceeded') throw refuseData(answer, asked);
    throw new Refusal('limit_exceeded', `${openMax} uploads are waiting for their bytes already.`, {
      hint: 'Use them, or wait until they expire.',
      details: { limit: 'open_uploads', value: openMax },
      retryAfterSeconds: Math.ceil(lifetimeMs / 1000),
    });
  }
  const link = await sealUploadLink(platform.sealKey, principal, upload, lifetimeMs);
  return {
    upload,
    url: `${platform.publicUrl}/uploads/${link}`,
    expires_at: answer.expires_at,
  };
}

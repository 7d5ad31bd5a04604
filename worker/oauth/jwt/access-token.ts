import { z } from 'zod';
import { idSchema } from '../../../protocol/ids.ts';

export const ACCESS_TOKEN_SECONDS = 600;
export const ALGORITHM = 'ES256';
export const TOKEN_TYPE = 'at+jwt';

/** The claims of an access token (RFC 9068, section 2.2), and the tenant and grant that it speaks for. */
export const accessClaimsSchema = z.strictObject({
  iss: z.string(),
  aud: z.string(),
  sub: idSchema('user'),
  client_id: z.string().min(1).max(1000),
  scope: z.string().max(1000),
  jti: z.string().min(16).max(64),
  iat: z.number().int(),
  exp: z.number().int(),
  tenant: idSchema('tenant'),
  gid: idSchema('grant'),
});
export type AccessClaims = z.infer<typeof accessClaimsSchema>;

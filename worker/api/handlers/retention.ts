import { changeRetention, readRetention } from '../../tenants/retention/change-retention.ts';
import type { Handlers } from '../handler.ts';
import type { RETENTION_ROUTES } from '../routes/retention.ts';

export const retentionHandlers: Handlers<keyof typeof RETENTION_ROUTES> = {
  getRetention: (_input, { platform, principal }) => readRetention(platform, principal),
  setRetention: ({ body }, { platform, principal }) => changeRetention(platform, principal, body),
};

import { createApp } from './app.ts';
import { sweepAudit } from './audit/sweep-audit.ts';
import { sealWaiting } from './blobs/seal-waiting.ts';
import { sweepUploads } from './data/sweep-uploads.ts';
import { sweepOAuth } from './database/oauth-grants.ts';
import { sweepPeople } from './database/people.ts';
import { sweepTokenUses } from './database/token-uses.ts';
import type { Env } from './env.ts';
import { PRODUCT } from './mcp/product-offer.ts';
import { platformOf } from './platform.ts';
import { sweepRuns } from './runs/sweep.ts';
import { sweepTenants } from './tenants/life/attend.ts';
import { sweepRetention } from './tenants/retention/sweep-retention.ts';

export { McpSession } from './mcp/session/mcp-session.ts';
export { McpSocket } from './mcp/socket/mcp-socket.ts';
export { ExecutorPool } from './runs/executor-pool.ts';
export { RunFeed } from './runs/run-feed.ts';
export { AddressGate } from './tenants/address-gate.ts';
export { TenantGate } from './tenants/tenant-gate.ts';

const app = createApp(PRODUCT);

export default {
  fetch: app.fetch,
  async scheduled(_controller, env) {
    const platform = await platformOf(env);
    await Promise.all([
      sweepRuns(platform),
      sweepUploads(platform),
      sealWaiting(platform),
      sweepAudit(platform),
      sweepTenants(platform),
      sweepRetention(platform),
      platform.database.transaction([sweepPeople(), sweepOAuth(), sweepTokenUses()]),
    ]);
  },
} satisfies ExportedHandler<Env>;

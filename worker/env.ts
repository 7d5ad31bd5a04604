import type { McpSession } from './mcp/session/mcp-session.ts';
import type { McpSocket } from './mcp/socket/mcp-socket.ts';
import type { ExecutorPool } from './runs/executor-pool.ts';
import type { RunFeed } from './runs/run-feed.ts';
import type { AddressGate } from './tenants/address-gate.ts';
import type { TenantGate } from './tenants/tenant-gate.ts';

/** The bindings and settings of the Worker; `wrangler.toml` and `docs/configuration.md` say what each is for. */
export interface Env {
  readonly PUBLIC_URL: string;
  readonly DATABASE_URL: string;
  readonly DATABASE_HTTP_URL?: string;
  readonly CONTEXT_KEY: string;
  readonly SEAL_KEY: string;
  /** What the key-encryption key is derived from. */
  readonly KEY_PASSPHRASE?: string;
  /** The one before, while it is changed. */
  readonly KEY_PASSPHRASE_PREVIOUS?: string;

  /** Key of a KMS that gives the key-encryption key instead, and how the KMS is reached; `KMS_URL` absent means AWS's own in that region. */
  readonly KMS_KEY?: string;
  readonly KMS_REGION?: string;
  readonly KMS_URL?: string;
  readonly KMS_ACCESS_KEY_ID?: string;
  readonly KMS_SECRET_ACCESS_KEY?: string;

  /** What stands in front and vouches for the peer's address; absent means Cloudflare. */
  readonly EDGE?: 'cloudflare' | 'none';

  /** Days after which a key is overdue. */
  readonly KEY_DAYS_MAX?: string;
  /** Costs of argon2id for passwords, as `m=19456,t=2,p=1`. */
  readonly PASSWORD_COSTS?: string;
  readonly LOGIN_FAILURES_MAX?: string;
  readonly LOGIN_ADDRESS_FAILURES_MAX?: string;
  readonly SESSION_IDLE_MINUTES?: string;
  readonly SESSION_ABSOLUTE_HOURS?: string;

  /** The https hosts to which clients may redirect, with commas between; absent means any. */
  readonly OAUTH_REDIRECT_HOSTS?: string;
  /** `on`: clients must send `resource` (RFC 8707). */
  readonly OAUTH_REQUIRE_RESOURCE?: 'on' | 'off';
  /** Origins of this machine on which metadata documents of clients may lie, with commas between; for `./causeway up` alone. */
  readonly LOOPBACK_ORIGINS?: string;

  /** For how long browsers come by https alone, and whether to subdomains too. */
  readonly HSTS_MAX_AGE_SECONDS?: string;
  readonly HSTS_INCLUDE_SUBDOMAINS?: 'on' | 'off';

  /** `on`: the management API is served. */
  readonly ADMINISTRATION?: 'on' | 'off';
  /** Origins whose pages may call the MCP endpoint and the authorization server, with commas between; absent means none. */
  readonly ALLOWED_ORIGINS?: string;

  /** Kinds of markup that names, titles and descriptions may not hold, with commas between, or `none`; absent means all. */
  readonly REFUSED_MARKUP?: string;
  /** Further patterns that they may not hold, with blanks between. */
  readonly REFUSED_PATTERNS?: string;

  /** The platform's own limiter, where there is one: a key is an address. */
  readonly ADDRESS_LIMITER?: RateLimit;

  readonly TENANT_GATE: DurableObjectNamespace<TenantGate>;
  readonly ADDRESS_GATE: DurableObjectNamespace<AddressGate>;
  readonly EXECUTOR_POOL: DurableObjectNamespace<ExecutorPool>;
  readonly RUN_FEED: DurableObjectNamespace<RunFeed>;
  readonly MCP_SESSION: DurableObjectNamespace<McpSession>;
  readonly MCP_SOCKET: DurableObjectNamespace<McpSocket>;

  /** R2, where there is R2. */
  readonly BLOBS?: R2Bucket;
  /** workerd's writable disk service, on plain workerd. */
  readonly BLOB_DISK?: Fetcher;
  /** An S3 endpoint with its bucket, where there is neither. */
  readonly BLOB_STORE_URL?: string;
  readonly BLOB_STORE_ACCESS_KEY_ID?: string;
  readonly BLOB_STORE_SECRET_ACCESS_KEY?: string;
  readonly BLOB_STORE_REGION?: string;
  /** A network service that reaches private addresses, on plain workerd; elsewhere the global fetch is used. */
  readonly OUTBOUND?: Fetcher;
}

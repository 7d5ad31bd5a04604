/** Bindings of Durable Objects and their classes, as `wrangler.toml` has them (the gate compares). */
export const DURABLE_OBJECTS: Readonly<Record<string, string>> = {
  TENANT_GATE: 'TenantGate',
  EXECUTOR_POOL: 'ExecutorPool',
  RUN_FEED: 'RunFeed',
  ADDRESS_GATE: 'AddressGate',
  MCP_SESSION: 'McpSession',
  MCP_SOCKET: 'McpSocket',
};

export type ModuleKind = 'esModule' | 'text' | 'wasm' | 'data';

/** A module of the bundle. `file` is relative to the configuration (`embed` knows no absolute paths); the first is the entry. */
export interface BundleModule {
  readonly name: string;
  readonly file: string;
  readonly kind: ModuleKind;
}

export interface WorkerdSpec {
  readonly modules: readonly BundleModule[];
  readonly compatibilityDate: string;
  readonly compatibilityFlags: readonly string[];
  /** Names of text bindings; their values are read from the environment, so that no secret stands in the file. */
  readonly settings: readonly string[];
  /** "127.0.0.1:8787". */
  readonly address: string;
  /** An https socket besides, for TLS 1.2 and newer; PEM files, relative to the configuration. */
  readonly tls?: { readonly address: string; readonly certFile: string; readonly keyFile: string };
  /** The name of an abstract unix socket that fires the scheduled handler (`cron.mjs`). */
  readonly cronSocket: string;
  readonly cronFile: string;
  /** Where Durable Objects keep their SQLite files, and where blobs lie. */
  readonly durableObjectsDir: string;
  readonly blobsDir: string;
}

/**
 * The configuration of a plain `workerd serve` that runs the Worker with real parts: Durable Objects in SQLite on disk,
 * blobs in a folder (or in the S3 endpoint that the settings name), and two ways out. `internet` is what the global `fetch` uses and reaches public addresses alone;
 * `outbound` also reaches this machine, and is bound as `OUTBOUND` for Postgres and the object store.
 */
export function printWorkerdConfig(spec: WorkerdSpec): string {
  const durableObjects = Object.entries(DURABLE_OBJECTS);
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "worker", worker = .worker),
    (name = "cron", worker = .cron),
    (name = "internet", network = (allow = ["public"], tlsOptions = (trustBrowserCas = true))),
    (name = "outbound", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
    (name = "objects", disk = (path = ${text(spec.durableObjectsDir)}, writable = true)),
    (name = "blobs", disk = (path = ${text(spec.blobsDir)}, writable = true)),
  ],
  sockets = [
    (name = "http", address = ${text(spec.address)}, http = (), service = "worker"),${spec.tls === undefined ? '' : httpsSocket(spec.tls)}
    (name = "cron", address = ${text(`unix-abstract:${spec.cronSocket}`)}, http = (), service = "cron"),
  ],
);

const worker :Workerd.Worker = (
  compatibilityDate = ${text(spec.compatibilityDate)},
  compatibilityFlags = [${spec.compatibilityFlags.map(text).join(', ')}],
  modules = [
${lines(spec.modules.map(({ name, file, kind }) => `(name = ${text(name)}, ${kind} = embed ${text(file)})`))}
  ],
  bindings = [
${lines([
  ...spec.settings.map((name) => `(name = ${text(name)}, fromEnvironment = ${text(name)})`),
  ...durableObjects.map(([name, type]) => `(name = ${text(name)}, durableObjectNamespace = ${text(type)})`),
  ...(spec.settings.includes('BLOB_STORE_URL') ? [] : ['(name = "BLOB_DISK", service = "blobs")']),
  '(name = "OUTBOUND", service = "outbound")',
])}
  ],
  durableObjectNamespaces = [
${lines(
  durableObjects.map(
    ([, type]) => `(className = ${text(type)}, uniqueKey = ${text(`causeway-${type}`)}, enableSql = true)`,
  ),
)}
  ],
  durableObjectStorage = (localDisk = "objects"),
);

const cron :Workerd.Worker = (
  compatibilityDate = ${text(spec.compatibilityDate)},
  compatibilityFlags = ["service_binding_extra_handlers"],
  modules = [(name = "cron", esModule = embed ${text(spec.cronFile)})],
  bindings = [(name = "WORKER", service = "worker")],
);
`;
}

/** 1.1 and older are refused; what is agreed on above is the platform's own choice. */
function httpsSocket({ address, certFile, keyFile }: NonNullable<WorkerdSpec['tls']>): string {
  const keypair = `(privateKey = embed ${text(keyFile)}, certificateChain = embed ${text(certFile)})`;
  return `
    (name = "https", address = ${text(address)}, service = "worker",
     https = (options = (), tlsOptions = (minVersion = tls1Dot2, keypair = ${keypair}))),`;
}

function lines(items: readonly string[]): string {
  return items.map((item) => `    ${item},`).join('\n');
}

/** A Cap'n Proto text literal; its escapes are those of C. */
function text(value: string): string {
  return `"${value.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"`;
}

export interface BareSpec {
  readonly modules: readonly {
    readonly name: string;
    readonly file: string;
    readonly kind: 'esModule' | 'wasm' | 'text';
  }[];
  /** Names of text bindings, read from the environment. */
  readonly settings: readonly string[];
  /** Bindings of Durable Objects and their classes. */
  readonly durableObjects: Readonly<Record<string, string>>;
  /** The folder that is bound as BLOB_DISK, if any. */
  readonly blobsDir?: string;
  readonly address: string;
}

/** The configuration of a plain `workerd serve` for a bare Worker: as the launcher's, with the Durable Objects that it calls. */
export function printBareConfig({ modules, settings, durableObjects, blobsDir, address }: BareSpec): string {
  const entryFirst = [...modules].sort(
    (left, right) => Number(right.name === 'index.js') - Number(left.name === 'index.js'),
  );
  const embedded = entryFirst.map(({ name, file, kind }) => `(name = "${name}", ${kind} = embed "${file}"),`);
  const objects = Object.entries(durableObjects);
  const bindings = [
    ...settings.map((name) => `(name = "${name}", fromEnvironment = "${name}"),`),
    ...objects.map(([name, type]) => `(name = "${name}", durableObjectNamespace = "${type}"),`),
    ...(blobsDir === undefined ? [] : ['(name = "BLOB_DISK", service = "blobs"),']),
  ];
  const blobs =
    blobsDir === undefined ? '' : `\n    (name = "blobs", disk = (path = "${blobsDir}", writable = true)),`;
  const namespaces = objects.map(
    ([, type]) => `(className = "${type}", uniqueKey = "bench-${type}", enableSql = true),`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "worker", worker = .worker),
    (name = "outbound", network = (allow = ["public", "private"])),
    (name = "objects", disk = (path = "objects", writable = true)),${blobs}
  ],
  sockets = [(name = "http", address = "${address}", http = (), service = "worker")],
);

const worker :Workerd.Worker = (
  compatibilityDate = "2026-11-01",
  modules = [
    ${embedded.join('\n    ')}
  ],
  bindings = [
    ${bindings.join('\n    ')}
    (name = "OUTBOUND", service = "outbound"),
  ],
  durableObjectNamespaces = [${namespaces.join(' ')}],
  durableObjectStorage = (localDisk = "objects"),
);
`;
}

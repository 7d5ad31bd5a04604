export interface BareSpec {
  readonly modules: readonly {
    readonly name: string;
    readonly file: string;
    readonly kind: 'esModule' | 'wasm' | 'text';
  }[];
  /** Names of text bindings, read from the environment. */
  readonly settings: readonly string[];
  readonly address: string;
}

/** The configuration of a plain `workerd serve` for `bare-worker/`: as the launcher's, with the one gate that it calls. */
export function printBareConfig({ modules, settings, address }: BareSpec): string {
  const entryFirst = [...modules].sort(
    (left, right) => Number(right.name === 'index.js') - Number(left.name === 'index.js'),
  );
  const embedded = entryFirst.map(({ name, file, kind }) => `(name = "${name}", ${kind} = embed "${file}"),`);
  const bindings = settings.map((name) => `(name = "${name}", fromEnvironment = "${name}"),`);
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "worker", worker = .worker),
    (name = "outbound", network = (allow = ["public", "private"])),
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
    (name = "TENANT_GATE", durableObjectNamespace = "TenantGate"),
    (name = "OUTBOUND", service = "outbound"),
  ],
  durableObjectNamespaces = [(className = "TenantGate", uniqueKey = "bench-TenantGate", enableSql = true)],
  durableObjectStorage = (inMemory = void),
);
`;
}

/** What one server gives at most. Each can be set on the command line under the same name. */
export type Limits = {
  readonly requestBytesMax: number;
  /** Sum of the text of all values of a response. */
  readonly responseBytesMax: number;
  readonly rowsMax: number;
  readonly statementsMax: number;
  /** Postgres cancels a statement after this; a client may set less, and more only to the next line's bound. */
  readonly statementTimeoutMs: number;
  /** The whole request: afterwards its connection is cut, whatever the client set. */
  readonly requestTimeoutMs: number;
  /** Connections a credential may have; more requests wait. */
  readonly connectionsMax: number;
  readonly waitTimeoutMs: number;
  /** Credentials whose connections are kept. */
  readonly credentialsMax: number;
  /** Logins of credentials that never succeeded before, at once. */
  readonly firstLoginsMax: number;
  /** Nobody is served by a login older than this, so that a changed password ends all use of the old one. */
  readonly loginAgeMaxSeconds: number;
};

const MIB = 1024 * 1024;

export const DEFAULT_LIMITS: Limits = {
  requestBytesMax: 64 * MIB,
  responseBytesMax: 64 * MIB,
  rowsMax: 1_000_000,
  statementsMax: 1_000,
  statementTimeoutMs: 30_000,
  requestTimeoutMs: 60_000,
  connectionsMax: 20,
  waitTimeoutMs: 10_000,
  credentialsMax: 8,
  firstLoginsMax: 4,
  loginAgeMaxSeconds: 300,
};

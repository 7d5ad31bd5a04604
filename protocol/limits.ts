/** One limit: its default, its unit, what enforces it, and the sentence that documentation and errors use. */
export interface Limit {
  readonly value: number;
  readonly unit: 'ms' | 'bytes' | 'characters' | 'count' | 'cores' | 'per minute';
  readonly enforced_by:
    | 'executor'
    | 'cgroup'
    | 'rlimit'
    | 'tmpfs'
    | 'harvest'
    | 'worker'
    | 'tenant gate'
    | 'database';
  readonly says: string;
}

const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * Every limit of the product, once. Tools advertise them, errors name them, `docs/configuration.md` is made from them,
 * and a run that hit one says which, by this key.
 */
export const LIMITS = {
  run_wall_ms: {
    value: 300_000,
    unit: 'ms',
    enforced_by: 'executor',
    says: 'wall time of a run; a run may ask for less',
  },
  run_memory_bytes: {
    value: 512 * MIB,
    unit: 'bytes',
    enforced_by: 'cgroup',
    says: 'memory of a run unless it asks for more',
  },
  run_memory_bytes_max: {
    value: 4096 * MIB,
    unit: 'bytes',
    enforced_by: 'cgroup',
    says: 'the most memory a run may ask for',
  },
  run_processes: { value: 256, unit: 'count', enforced_by: 'rlimit', says: 'processes and threads of a run' },
  run_cpu_cores: { value: 1, unit: 'cores', enforced_by: 'cgroup', says: 'CPU of a run' },
  run_outputs_bytes: { value: 64 * MIB, unit: 'bytes', enforced_by: 'tmpfs', says: 'bytes in /outputs' },
  run_outputs_inodes: {
    value: 4096,
    unit: 'count',
    enforced_by: 'tmpfs',
    says: 'files and folders in /outputs',
  },
  run_tmp_bytes: { value: 64 * MIB, unit: 'bytes', enforced_by: 'tmpfs', says: 'bytes in /tmp' },
  run_tmp_inodes: { value: 4096, unit: 'count', enforced_by: 'tmpfs', says: 'files and folders in /tmp' },
  run_shared_memory_bytes: {
    value: 32 * MIB,
    unit: 'bytes',
    enforced_by: 'tmpfs',
    says: 'bytes in /dev/shm, which count as memory of the run',
  },
  run_stream_bytes: {
    value: MIB,
    unit: 'bytes',
    enforced_by: 'executor',
    says: 'bytes kept of stdout and of stderr, each',
  },
  run_stream_inline_bytes: {
    value: 4 * KIB,
    unit: 'bytes',
    enforced_by: 'executor',
    says: 'bytes of stdout and stderr that a result carries inline',
  },
  run_harvest_files: {
    value: 256,
    unit: 'count',
    enforced_by: 'harvest',
    says: 'output files kept of a run',
  },
  run_harvest_bytes: {
    value: 64 * MIB,
    unit: 'bytes',
    enforced_by: 'harvest',
    says: 'output bytes kept of a run',
  },
  run_parameters_bytes: {
    value: 64 * KIB,
    unit: 'bytes',
    enforced_by: 'worker',
    says: 'JSON of the parameters of a run',
  },
  run_wait_ms: {
    value: 50_000,
    unit: 'ms',
    enforced_by: 'worker',
    says: 'the longest that one call waits for a run',
  },
  name_chars: {
    value: 255,
    unit: 'characters',
    enforced_by: 'worker',
    says: 'a name or title: of a project, token, person, pool, program',
  },
  description_bytes: {
    value: 8 * KIB,
    unit: 'bytes',
    enforced_by: 'worker',
    says: 'a description, or the message of a commit',
  },
  email_chars: { value: 320, unit: 'characters', enforced_by: 'worker', says: 'an email address' },
  uri_chars: {
    value: 1000,
    unit: 'characters',
    enforced_by: 'worker',
    says: 'an address that a client names of itself, or sends people back to',
  },
  path_bytes: { value: 1024, unit: 'bytes', enforced_by: 'worker', says: 'the path of a file in a project' },
  path_part_bytes: { value: 255, unit: 'bytes', enforced_by: 'worker', says: 'a name in such a path' },
  cursor_chars: { value: 500, unit: 'characters', enforced_by: 'worker', says: 'the cursor of a page' },
  form_bytes: {
    value: 32 * KIB,
    unit: 'bytes',
    enforced_by: 'worker',
    says: 'a form, or the JSON of a call to the management API',
  },
  json_depth: { value: 64, unit: 'count', enforced_by: 'worker', says: 'how deep JSON may be nested' },
  json_values: {
    value: 100_000,
    unit: 'count',
    enforced_by: 'worker',
    says: 'members, items and containers of one JSON text',
  },
  request_body_bytes: { value: 8 * MIB, unit: 'bytes', enforced_by: 'worker', says: 'body of a request' },
  file_bytes: { value: MIB, unit: 'bytes', enforced_by: 'worker', says: 'one file of a project' },
  write_files_bytes: {
    value: 6 * MIB,
    unit: 'bytes',
    enforced_by: 'worker',
    says: 'all files of one write_files call',
  },
  project_files: { value: 2000, unit: 'count', enforced_by: 'database', says: 'files in a project' },
  tenant_pools: { value: 10, unit: 'count', enforced_by: 'database', says: 'pools of hosts of a tenant' },
  join_token_lifetime_ms: {
    value: 3600_000,
    unit: 'ms',
    enforced_by: 'database',
    says: 'how long a join token may make an executor, once',
  },
  tenant_projects: {
    value: 1000,
    unit: 'count',
    enforced_by: 'database',
    says: 'projects of a tenant that are not archived',
  },
  inline_data_bytes: {
    value: 256 * KIB,
    unit: 'bytes',
    enforced_by: 'worker',
    says: 'data passed inline to import_data',
  },
  upload_bytes: { value: 100 * MIB, unit: 'bytes', enforced_by: 'worker', says: 'one upload' },
  upload_lifetime_ms: {
    value: 15 * 60_000,
    unit: 'ms',
    enforced_by: 'database',
    says: 'how long an upload address may be used, once',
  },
  open_uploads: {
    value: 20,
    unit: 'count',
    enforced_by: 'database',
    says: 'uploads of a tenant that wait for their bytes',
  },
  project_data_sources: {
    value: 500,
    unit: 'count',
    enforced_by: 'database',
    says: 'data sources of a project',
  },
  data_columns: {
    value: 2000,
    unit: 'count',
    enforced_by: 'executor',
    says: 'columns of a data source',
  },
  queued_runs: { value: 100, unit: 'count', enforced_by: 'database', says: 'queued runs of a tenant' },
  running_runs: {
    value: 4,
    unit: 'count',
    enforced_by: 'tenant gate',
    says: 'runs of a tenant at the same time',
  },
  calls_per_minute: {
    value: 600,
    unit: 'per minute',
    enforced_by: 'tenant gate',
    says: 'calls of one credential; one that writes counts as two, one that starts a sandbox as five',
  },
  tenant_calls_per_minute: {
    value: 60_000,
    unit: 'per minute',
    enforced_by: 'tenant gate',
    says: 'calls of all credentials of a tenant together',
  },
  address_requests_per_minute: {
    value: 6000,
    unit: 'per minute',
    enforced_by: 'worker',
    says: 'requests of one address, before any credential is looked at',
  },
  change_streams: {
    value: 16,
    unit: 'count',
    enforced_by: 'tenant gate',
    says: 'streams of change notifications that one credential has open',
  },
  tenant_change_streams: {
    value: 1000,
    unit: 'count',
    enforced_by: 'tenant gate',
    says: 'streams of change notifications that a tenant has open',
  },
  resource_subscriptions: {
    value: 100,
    unit: 'count',
    enforced_by: 'worker',
    says: 'resources that one stream of change notifications, or one session, watches',
  },
  run_starts_per_minute: {
    value: 60,
    unit: 'per minute',
    enforced_by: 'tenant gate',
    says: 'run starts of a tenant',
  },
  withheld_starts_per_minute: {
    value: 6,
    unit: 'per minute',
    enforced_by: 'database',
    says: 'starts of runs, and imports of what they left, of a tenant on data of which agents see the schema only',
  },
  client_registrations_per_minute: {
    value: 20,
    unit: 'per minute',
    enforced_by: 'worker',
    says: 'OAuth clients and devices that one address registers',
  },
  failed_token_requests_per_minute: {
    value: 60,
    unit: 'per minute',
    enforced_by: 'worker',
    says: 'requests to the token endpoint of one address that are refused',
  },
  failed_logins_per_minute: {
    value: 10,
    unit: 'per minute',
    enforced_by: 'worker',
    says: 'failed authentications of one address',
  },
  invitation_lifetime_ms: {
    value: 7 * 24 * 3600_000,
    unit: 'ms',
    enforced_by: 'database',
    says: 'how long an invitation may be accepted, once',
  },
  recovery_lifetime_ms: {
    value: 30 * 60_000,
    unit: 'ms',
    enforced_by: 'database',
    says: 'how long a link of ./causeway break-glass may be used, once',
  },
  mcp_message_chars: {
    value: 64 * KIB,
    unit: 'characters',
    enforced_by: 'worker',
    says: 'a message of an agent beside the arguments of its call',
  },
  mcp_session_lifetime_ms: {
    value: 30 * 24 * 3600_000,
    unit: 'ms',
    enforced_by: 'worker',
    says: 'how long a session id of the 2025 protocol is good',
  },
  mcp_session_events: {
    value: 256,
    unit: 'count',
    enforced_by: 'worker',
    says: 'messages that a session keeps for a client whose stream broke; the oldest go first',
  },
  mcp_session_questions: {
    value: 16,
    unit: 'count',
    enforced_by: 'worker',
    says: 'questions to its client that a session has open',
  },
  mcp_answer_bytes: {
    value: 256 * KIB,
    unit: 'bytes',
    enforced_by: 'worker',
    says: "a client's answer to a question of the server",
  },
  open_invitations: {
    value: 100,
    unit: 'count',
    enforced_by: 'database',
    says: 'invitations of a tenant that nobody has accepted yet',
  },
  person_tokens: {
    value: 50,
    unit: 'count',
    enforced_by: 'database',
    says: 'living API tokens that a person makes in a tenant',
  },
  token_lifetime_ms: {
    value: 365 * 24 * 3600_000,
    unit: 'ms',
    enforced_by: 'worker',
    says: 'the longest life of an API token that a person makes; a tenant may set less',
  },
  lease_ms: {
    value: 20_000,
    unit: 'ms',
    enforced_by: 'executor',
    says: 'how long a lease lasts without a heartbeat',
  },
  lease_grace_ms: {
    value: 10_000,
    unit: 'ms',
    enforced_by: 'executor',
    says: 'grace after a lease before a run is given to another executor',
  },
  heartbeat_ms: { value: 5_000, unit: 'ms', enforced_by: 'executor', says: 'interval of heartbeats' },
  run_attempts: {
    value: 3,
    unit: 'count',
    enforced_by: 'database',
    says: 'executors that may try a run before it is lost',
  },
} as const satisfies Record<string, Limit>;

export type LimitName = keyof typeof LIMITS;

/** `limit('file_bytes')`: the number alone. */
export function limit(name: LimitName): number {
  return LIMITS[name].value;
}

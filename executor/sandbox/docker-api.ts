import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

const CALL_TIMEOUT_MS = 30_000;
const IMPORT_TIMEOUT_MS = 10 * 60_000;
const MESSAGE_CHARS_MAX = 600;

const versionSchema = z.object({
  Version: z.string(),
  ApiVersion: z.string(),
  MinAPIVersion: z.string(),
  Components: z.array(z.object({ Name: z.string(), Version: z.string() })).optional(),
});
export type DockerVersion = z.infer<typeof versionSchema>;

const infoSchema = z.object({
  OSType: z.string(),
  CgroupDriver: z.string(),
  SecurityOptions: z.array(z.string()).nullish(),
  Runtimes: z.record(
    z.string(),
    z.object({ path: z.string().optional(), runtimeArgs: z.array(z.string()).nullish() }),
  ),
});
export type DockerInfo = z.infer<typeof infoSchema>;

const imageSchema = z.object({ Id: z.string(), RootFS: z.object({ Layers: z.array(z.string()) }) });
export type DockerImage = z.infer<typeof imageSchema>;

const stateSchema = z.object({ State: z.object({ OOMKilled: z.boolean(), Error: z.string() }) });
const createdSchema = z.object({ Id: z.string().regex(/^[0-9a-f]{64}$/) });
const exitSchema = z.object({ StatusCode: z.number().int() });
const listSchema = z.array(z.object({ Names: z.array(z.string()) }));

/** What the daemon refused, in its words. `status` is 0 where it did not answer at all. */
export class DockerRefusal extends Error {
  readonly status: number;
  readonly code: string | null;
  constructor(status: number, message: string, code: string | null = null) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The calls of the Docker Engine API that the executor makes, over the daemon's socket. Each throws {@link DockerRefusal}. */
export interface DockerApi {
  version(): Promise<DockerVersion>;
  info(): Promise<DockerInfo>;
  /** Null where there is none of that name. */
  image(name: string): Promise<DockerImage | null>;
  /** Imports a tar archive as an image; `send` writes it and ends the stream. */
  importImage(
    repository: string,
    tag: string,
    send: (body: NodeJS.WritableStream) => Promise<unknown>,
  ): Promise<void>;
  /** Returns the daemon's own id of it. */
  create(name: string, spec: object): Promise<string>;
  start(name: string): Promise<void>;
  /** The exit code of one that was started, when it has ended. It waits as long as that takes. */
  wait(name: string, signal: AbortSignal): Promise<number>;
  state(name: string): Promise<{ readonly isOomKilled: boolean; readonly error: string }>;
  kill(name: string, signal: string): Promise<void>;
  /** Kills and removes it, and waits until it is gone; one that is not there is what is wanted. */
  remove(name: string): Promise<void>;
  /** Names of all containers, running or not, with this label. */
  named(label: string): Promise<readonly string[]>;
}

interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: object;
  readonly send?: (body: NodeJS.WritableStream) => Promise<unknown>;
  readonly signal?: AbortSignal;
}

/** @param apiVersion of every call but {@link DockerApi.version}, which is for finding it out; the daemon's newest where null */
export function dockerApi(socketPath: string, apiVersion: string | null): DockerApi {
  const prefix = apiVersion === null ? '' : `/v${apiVersion}`;

  const call = async ({ method, path, body, send, signal }: Call): Promise<string> => {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const answered = Promise.withResolvers<IncomingMessage>();
    const req = request(
      {
        socketPath,
        agent: false,
        method,
        path: `${prefix}${path}`,
        signal: signal ?? AbortSignal.timeout(CALL_TIMEOUT_MS),
        headers: {
          host: 'docker',
          ...(payload === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
          ...(send === undefined ? {} : { 'content-type': 'application/x-tar' }),
        },
      },
      (response) => answered.resolve(response),
    );
    req.once('error', (error: NodeJS.ErrnoException) =>
      answered.reject(new DockerRefusal(0, error.message, error.code ?? null)),
    );
    if (send === undefined) req.end(payload);
    else send(req).catch((error: Error) => req.destroy(error));
    const response = await answered.promise;
    const said = await text(response);
    const status = response.statusCode ?? 0;
    if (status >= 400) throw new DockerRefusal(status, messageOf(said));
    return said;
  };
  const get = async <T>(path: string, schema: z.ZodType<T>): Promise<T> =>
    schema.parse(JSON.parse(await call({ method: 'GET', path })));
  const of = (name: string, action: string) => `/containers/${encodeURIComponent(name)}${action}`;

  return {
    version: () => get('/version', versionSchema),
    info: () => get('/info', infoSchema),
    image: (name) => get(`/images/${name}/json`, imageSchema).catch(orNull),
    async importImage(repository, tag, send) {
      const query = new URLSearchParams({ fromSrc: '-', repo: repository, tag });
      const signal = AbortSignal.timeout(IMPORT_TIMEOUT_MS);
      const said = await call({ method: 'POST', path: `/images/create?${query}`, send, signal });
      // Progress and failures come as lines of one successful answer.
      const failure = /"error":\s*"([^"]*)"/.exec(said)?.[1];
      if (failure !== undefined) throw new DockerRefusal(200, failure);
    },
    async create(name, spec) {
      const path = `/containers/create?name=${encodeURIComponent(name)}`;
      return createdSchema.parse(JSON.parse(await call({ method: 'POST', path, body: spec }))).Id;
    },
    async start(name) {
      await call({ method: 'POST', path: of(name, '/start') });
    },
    async wait(name, signal) {
      const said = await call({ method: 'POST', path: of(name, '/wait?condition=not-running'), signal });
      return exitSchema.parse(JSON.parse(said)).StatusCode;
    },
    async state(name) {
      const { State } = await get(of(name, '/json'), stateSchema);
      return { isOomKilled: State.OOMKilled, error: State.Error };
    },
    async kill(name, signal) {
      await call({ method: 'POST', path: of(name, `/kill?signal=${signal}`) });
    },
    async remove(name) {
      await call({ method: 'DELETE', path: of(name, '?force=1&v=1') }).catch(async (error: unknown) => {
        // Somebody's removal is under way, which may be our own of a moment ago.
        if (!(error instanceof DockerRefusal) || error.status !== 409) return orNull(error);
        return call({ method: 'POST', path: of(name, '/wait?condition=removed') }).catch(orNull);
      });
    },
    async named(label) {
      const filters = encodeURIComponent(JSON.stringify({ label: [label] }));
      const found = await get(`/containers/json?all=1&filters=${filters}`, listSchema);
      return found.flatMap(({ Names }) => Names.slice(0, 1).map((name) => name.replace(/^\//, '')));
    },
  };
}

function orNull(error: unknown): null {
  if (error instanceof DockerRefusal && error.status === 404) return null;
  throw error;
}

function messageOf(said: string): string {
  try {
    const value: unknown = JSON.parse(said);
    if (typeof value === 'object' && value !== null && 'message' in value)
      return String(value.message).slice(0, MESSAGE_CHARS_MAX);
  } catch {
    // Not JSON: a proxy, or no Docker at all.
  }
  return said.slice(0, MESSAGE_CHARS_MAX);
}

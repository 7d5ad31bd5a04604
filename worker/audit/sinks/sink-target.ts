import type { NewSink, SinkSettings } from '../../database/audit-sinks.ts';

/** A sink as somebody asks for it. Which of these it needs depends on its kind. */
export interface AskedSink {
  readonly kind: NewSink['kind'];
  readonly url?: string | undefined;
  readonly region?: string | undefined;
  readonly log_group?: string | undefined;
  readonly log_stream?: string | undefined;
  readonly access_key_id?: string | undefined;
  readonly secret_access_key?: string | undefined;
}

/** Where a sink's entries go, or the sentence about what was asked. */
export type SinkTarget =
  | {
      readonly ok: true;
      readonly kind: NewSink['kind'];
      readonly url: string;
      readonly settings: SinkSettings;
      readonly secretAccessKey: string | null;
    }
  | { readonly ok: false; readonly problem: string };

const KEY = ['region', 'access_key_id', 'secret_access_key'] as const;
const NEEDED = {
  webhook: ['url'],
  s3: ['url', ...KEY],
  cloudwatch: ['log_group', 'log_stream', ...KEY],
} as const satisfies Record<NewSink['kind'], readonly (keyof AskedSink)[]>;

/** What was asked, if it has what its kind needs and nothing that its kind has not. Pure; addresses are judged elsewhere. */
export function readTarget(asked: AskedSink): SinkTarget {
  const { kind } = asked;
  const needed: readonly string[] = NEEDED[kind];
  const given = Object.entries(asked).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  const missing = needed.find((name) => !given.includes(name));
  if (missing !== undefined) return { ok: false, problem: `${missing}: a sink of kind ${kind} needs it` };
  const odd = given.find((name) => name !== 'kind' && name !== 'url' && !needed.includes(name));
  if (odd !== undefined) return { ok: false, problem: `${odd}: a sink of kind ${kind} has none` };
  const { region, access_key_id, log_group, log_stream, secret_access_key } = asked;
  const url = asked.url ?? `https://logs.${region}.amazonaws.com/`;
  if (kind === 's3' && !isFolder(url))
    return { ok: false, problem: 'url: is that of the bucket, or of a folder in it, and ends with a slash' };
  const settings = Object.fromEntries(
    Object.entries({ region, access_key_id, log_group, log_stream }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  return { ok: true, kind, url, settings, secretAccessKey: secret_access_key ?? null };
}

function isFolder(text: string): boolean {
  const url = URL.parse(text);
  return url?.pathname.endsWith('/') === true && url.search === '' && url.hash === '';
}

import { parseJson } from './parse-json.ts';

const TIMEOUT_MS = 15_000;

export type WorkerCalled =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** The Date header, if there was one. */
      readonly date: string | null;
      readonly answer: unknown;
    }
  | { readonly kind: 'failed'; readonly reason: string };

/** Posts JSON to the worker. What is sent is secret, so no redirect is followed; its target is only reported. */
export async function callWorker(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: object,
): Promise<WorkerCalled> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    const leadsTo = response.headers.get('location');
    if (response.status >= 300 && response.status < 400)
      return {
        kind: 'failed',
        reason: `${url} redirects to ${leadsTo ?? 'an unnamed address'}, where nothing secret is sent. Give --url as PUBLIC_URL of the deployment has it.`,
      };
    return {
      kind: 'answered',
      status: response.status,
      date: response.headers.get('date'),
      answer: parseJson(text),
    };
  } catch (error) {
    const { message, cause } = error as Error;
    const why = cause instanceof Error ? cause.message : message;
    return {
      kind: 'failed',
      reason: `${url} cannot be reached (${why}). Check --url and that the Worker runs.`,
    };
  }
}

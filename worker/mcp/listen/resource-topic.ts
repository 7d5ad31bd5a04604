/** What of a tenant's contents the URI of a resource stands for; changes are compared with it. */
export type ResourceTopic =
  /** A file of a project's newest commit; `path` null: anything in the project. */
  | { readonly kind: 'project'; readonly project: string; readonly path: string | null }
  | { readonly kind: 'data'; readonly project: string; readonly source: string | null }
  | { readonly kind: 'run'; readonly run: string }
  /** It names one commit, which never changes. */
  | { readonly kind: 'fixed' };

const RESOURCE_URI = /^(project|data|run):\/\/([^/?#]+)(?:\/([^?#]*))?(?:\?([^#]*))?$/;

/** Reads the URI of a resource as far as changes of it are concerned; null where it is none of ours. Pure. */
export function resourceTopic(uri: string): ResourceTopic | null {
  const [, scheme, host = '', rest = '', search = ''] = RESOURCE_URI.exec(uri) ?? [];
  const name = decoded(host);
  const path = decoded(rest);
  if (scheme === undefined || name === null || path === null) return null;
  if (scheme === 'run') return { kind: 'run', run: name };
  if (scheme === 'data') return { kind: 'data', project: name, source: path === '' ? null : path };
  if (new URLSearchParams(search).has('ref')) return { kind: 'fixed' };
  return { kind: 'project', project: name, path: path === '' ? null : path };
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

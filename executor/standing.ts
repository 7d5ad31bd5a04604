import type { DaemonStatus } from './control.ts';

/** Whether a daemon is connected, or why not, whether it takes runs, and what is wrong with its key; one line for a person. Pure. */
export function standingText(
  daemon: Pick<
    DaemonStatus,
    'connected' | 'refused_status' | 'trouble' | 'draining' | 'says' | 'key_trouble'
  >,
): string {
  const { draining, says, key_trouble } = daemon;
  const takesNone =
    says === null
      ? 'draining: it takes no further runs, and ends when it has none'
      : `takes no runs for now: ${says}`;
  return [
    connectionText(daemon),
    ...(draining ? [takesNone] : []),
    ...(key_trouble === null ? [] : [`its key grows old and could not be exchanged: ${key_trouble}`]),
  ].join(', ');
}

function connectionText({
  connected,
  refused_status,
  trouble,
}: Pick<DaemonStatus, 'connected' | 'refused_status' | 'trouble'>): string {
  if (connected) return 'connected';
  if (refused_status === 401)
    return 'refused (401): the deployment knows no such executor, or not this key of it. Where it was revoked, remove its key (executor.json of its state folder) and join anew with a token';
  if (refused_status !== null && refused_status >= 500)
    return `refused (${refused_status}): the deployment serves nobody for now, and its /healthz says why; it dials again by itself`;
  if (refused_status !== null) return `refused (${refused_status}); it dials again by itself`;
  return `not connected${trouble === null ? '' : `: ${trouble}`}; it dials again by itself`;
}

import { describeLabels, hasLabels } from '../../../protocol/labels.ts';
import type { HeardExecutor } from './executor-sockets.ts';
import { type Needed, suits } from './suits.ts';

/** Why no connected executor could ever take a run, as half a sentence; null where one could. Pure. */
export function whyStranded(heard: readonly HeardExecutor[], needed: Needed): string | null {
  if (heard.length === 0) return 'no executor of its pool is connected';
  if (heard.some((executor) => suits(executor, needed))) return null;
  return heard.some(({ labels }) => hasLabels(labels, needed.labels))
    ? 'no connected executor has its image'
    : `no connected executor has ${describeLabels(needed.labels)}`;
}

/** Why a run that waits is not simply the next one, as half a sentence; null where it is a matter of its turn. Pure. */
export function whyWaiting(
  heard: readonly HeardExecutor[],
  needed: Needed,
  share: { readonly held: number; readonly max: number },
): string | null {
  const stranded = whyStranded(heard, needed);
  if (stranded !== null) return stranded;
  if (heard.every((executor) => !executor.open || !suits(executor, needed)))
    return 'the executors that could take it take no new runs at the moment';
  return share.held >= share.max ? `its tenant holds the ${share.max} slots that it may` : null;
}

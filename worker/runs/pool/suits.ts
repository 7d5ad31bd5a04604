import { hasLabels, type Labels } from '../../../protocol/labels.ts';

/** What a run needs of its host; a null image takes any. */
export interface Needed {
  readonly image: string | null;
  readonly labels: Labels;
}

/** Whether a host has the image and the labels. Pure. */
export function suits(host: { readonly image: string; readonly labels: Labels }, needed: Needed): boolean {
  return (needed.image === null || needed.image === host.image) && hasLabels(host.labels, needed.labels);
}

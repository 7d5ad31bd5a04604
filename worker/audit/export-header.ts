/** What ties a tenant's tree to a signed checkpoint, and how many events are too new for it. */
export interface ExportProof {
  readonly tenant: string;
  readonly size: number;
  /** Base64, as all hashes here. */
  readonly root: string;
  /** Where the head of the tree stands in the tree of the deployment, and its audit path there. */
  readonly head_index: number;
  readonly head_proof: readonly string[];
  /** A signed note. */
  readonly checkpoint: string;
  readonly uncovered: number;
}

export const EXPORT_FORMAT = 'causeway-audit-export/1';

/** The first line of an export. */
export function writeHeader({ uncovered: _, ...proof }: ExportProof): string {
  return `${JSON.stringify({ format: EXPORT_FORMAT, ...proof })}\n`;
}

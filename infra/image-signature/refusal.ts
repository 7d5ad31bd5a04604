import type { ImageRefusalCode } from '../../protocol/image-refusal.ts';

export interface ImageRefused {
  readonly ok: false;
  readonly code: ImageRefusalCode;
  readonly says: string;
  readonly remedy: string;
  /** All of it in one line. */
  readonly reason: string;
}

export function refuseImage(code: ImageRefusalCode, says: string, remedy: string): ImageRefused {
  return { ok: false, code, says, remedy, reason: `${code}: ${says} ${remedy}` };
}

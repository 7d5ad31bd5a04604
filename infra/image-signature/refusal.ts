/** Why an image is not used. */
export type ImageRefusalCode =
  | 'no_image_key'
  | 'image_key_unreadable'
  | 'image_unsigned'
  | 'signature_malformed'
  | 'signature_unknown_key'
  | 'signature_invalid'
  | 'signature_of_another_image'
  | 'image_changed';

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

/** Why a host does not use its sandbox image. */
export const IMAGE_REFUSAL_CODES = [
  'no_image_key',
  'image_key_unreadable',
  'image_unsigned',
  'signature_malformed',
  'signature_unknown_key',
  'signature_invalid',
  'signature_of_another_image',
  'image_changed',
] as const;
export type ImageRefusalCode = (typeof IMAGE_REFUSAL_CODES)[number];

/**
 * `POST /executor/refused-image`: what an executor says before it ends, or does not begin to serve, with the header of a
 * connection whose signature covers `refusedImageStatement`.
 */
export interface RefusedImageRequest {
  readonly code: ImageRefusalCode;
  readonly image: string;
}

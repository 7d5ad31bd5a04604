import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Saves an image that came as MCP image content; returns where, with its size. */
export function saveImage(
  folder: string,
  name: string,
  image: { readonly bytes: Uint8Array; readonly mediaType: string },
): string {
  const path = join(folder, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, image.bytes);
  return `${path} (${image.mediaType}, ${Math.round(image.bytes.byteLength / 1000)} kB)`;
}

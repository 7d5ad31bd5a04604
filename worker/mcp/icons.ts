import type { Icon } from '@modelcontextprotocol/server';
import type { NounIcon } from '../console/noun-icons.ts';

/** An icon by address: tools have none, because each would cost an agent some twenty tokens. */
export function iconsOf(publicUrl: string, icon: NounIcon | 'icon'): Icon[] {
  return [{ src: `${publicUrl}/assets/${icon}.svg`, mimeType: 'image/svg+xml', sizes: ['any'] }];
}

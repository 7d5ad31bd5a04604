import { InvalidArgumentError } from 'commander';

/** The public address as every link is built from it: scheme and host, without a slash at its end. */
export function parsePublicUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.username || url.search || url.hash) {
    throw new InvalidArgumentError('expected an address like https://causeway.example.com.');
  }
  if (url.pathname !== '/')
    throw new InvalidArgumentError('the Worker serves at the root of a host, without a path.');
  return url.origin;
}

import { openApiDocument } from '../../worker/api/openapi.ts';

/** `docs/openapi.json`: the management API of a deployment at a made-up address, as /api/v1/openapi.json gives its own. */
export function printOpenApi(): string {
  return `${JSON.stringify(openApiDocument('https://causeway.example.com'), null, 2)}\n`;
}

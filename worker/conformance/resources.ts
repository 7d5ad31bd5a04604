import { z } from 'zod';
import { defineResource, type ResourceFamily, type ResourcePart } from '../mcp/resource.ts';
import { RED_PIXEL_PNG } from './samples.ts';

/** One resource that says the same each time. */
function fixed(name: string, uri: string, part: ResourcePart): ResourceFamily {
  return defineResource({
    name,
    title: name,
    description: 'A resource of the conformance suite.',
    mimeType: part.mimeType,
    template: uri,
    variables: z.object({}),
    needs: { scopes: [], role: null },
    complete: {},
    read: async () => ({ part }),
  });
}

/** Resources that the suite reads, and one that it watches. */
export const FIXTURE_RESOURCES: readonly ResourceFamily[] = [
  fixed('static-text', 'test://static-text', {
    mimeType: 'text/plain',
    text: 'This is the content of the static text resource.',
  }),
  fixed('static-binary', 'test://static-binary', { mimeType: 'image/png', blob: RED_PIXEL_PNG }),
  fixed('watched-resource', 'test://watched-resource', { mimeType: 'text/plain', text: 'Never changes.' }),
  defineResource({
    name: 'template',
    title: 'template',
    description: 'A resource for each id.',
    mimeType: 'application/json',
    template: 'test://template/{id}/data',
    variables: z.object({ id: z.string() }),
    needs: { scopes: [], role: null },
    complete: {},
    read: async ({ id }) => ({
      part: {
        mimeType: 'application/json',
        text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }),
      },
    }),
  }),
];

import { z } from 'zod';
import { defineResource, type ResourceFamily } from '../resource.ts';
import { SKILLS } from './index.ts';

const MIME_TYPE = 'text/markdown';

/** Each skill as a resource, for clients that do not know `skills/list`. */
export const SKILL_RESOURCES: readonly ResourceFamily[] = SKILLS.map(
  ({ name, title, description, uri, text }) =>
    defineResource({
      name,
      title,
      description,
      mimeType: MIME_TYPE,
      icon: 'guide',
      template: uri,
      variables: z.object({}),
      needs: { scopes: [], role: null },
      complete: {},
      read: async () => ({ part: { mimeType: MIME_TYPE, text } }),
    }),
);

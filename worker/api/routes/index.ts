import { z } from 'zod';
import { defineRoute } from '../route.ts';
import { AGENT_ROUTES } from './agents.ts';
import { AUDIT_ROUTES } from './audit.ts';
import { EXECUTOR_ROUTES } from './executors.ts';
import { INVITATION_ROUTES } from './invitations.ts';
import { LIFE_ROUTES } from './life.ts';
import { MEMBER_ROUTES } from './members.ts';
import { OWN_ROUTES } from './own.ts';
import { PEOPLE_ROUTES } from './people.ts';
import { PROJECT_ROUTES } from './projects.ts';
import { RETENTION_ROUTES } from './retention.ts';
import { SIGHT_ROUTES } from './sight.ts';
import { TOKEN_ROUTES } from './tokens.ts';

const DOCUMENT_ROUTES = {
  getDocument: defineRoute({
    method: 'GET',
    path: '/openapi.json',
    access: 'session',
    tag: 'This API',
    summary: 'This document',
    answer: z.looseObject({ openapi: z.string() }),
  }),
} as const;

/** Every route of the management API, by the name of its operation. */
export const API_ROUTES = {
  ...OWN_ROUTES,
  ...PEOPLE_ROUTES,
  ...MEMBER_ROUTES,
  ...INVITATION_ROUTES,
  ...TOKEN_ROUTES,
  ...AGENT_ROUTES,
  ...PROJECT_ROUTES,
  ...SIGHT_ROUTES,
  ...EXECUTOR_ROUTES,
  ...AUDIT_ROUTES,
  ...RETENTION_ROUTES,
  ...LIFE_ROUTES,
  ...DOCUMENT_ROUTES,
} as const;

export type OperationName = keyof typeof API_ROUTES;

import type { Handlers } from '../handler.ts';
import { openApiDocument } from '../openapi.ts';
import { agentHandlers } from './agents.ts';
import { auditHandlers } from './audit.ts';
import { executorHandlers } from './executors.ts';
import { invitationHandlers } from './invitations.ts';
import { lifeHandlers } from './life.ts';
import { memberHandlers } from './members.ts';
import { ownHandlers } from './own.ts';
import { peopleHandlers } from './people.ts';
import { projectHandlers } from './projects.ts';
import { retentionHandlers } from './retention.ts';
import { sightHandlers } from './sight.ts';
import { tokenHandlers } from './tokens.ts';

/** A handler for each route; a route without one does not compile. */
export const API_HANDLERS: Handlers = {
  ...ownHandlers,
  ...peopleHandlers,
  ...memberHandlers,
  ...invitationHandlers,
  ...tokenHandlers,
  ...agentHandlers,
  ...projectHandlers,
  ...sightHandlers,
  ...executorHandlers,
  ...auditHandlers,
  ...retentionHandlers,
  ...lifeHandlers,
  getDocument: (_input, { platform }) => openApiDocument(platform.publicUrl),
};

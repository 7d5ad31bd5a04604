import type { PageRoute } from './route.ts';

type Page = Omit<PageRoute, 'credential'>;

const PAGES = [
  {
    method: 'POST',
    path: '/logout',
    access: 'person',
    what: 'ends the session of the browser',
  },
  {
    method: 'GET',
    path: '/account',
    access: 'person',
    what: 'the own teams, sessions, sign-ins and password',
  },
  {
    method: 'POST',
    path: '/account/password',
    access: 'person',
    what: 'changes the own password',
  },
  {
    method: 'POST',
    path: '/account/sessions/end-others',
    access: 'person',
    what: 'ends all own sessions but this',
  },
  {
    method: 'POST',
    path: '/account/sessions/:session/end',
    access: 'own',
    what: 'ends one of the own sessions',
  },
  {
    method: 'GET',
    path: '/notices',
    access: 'person',
    what: 'what an owner has to read before going on',
  },
  { method: 'POST', path: '/notices', access: 'person', what: 'marks it as read' },
  {
    method: 'GET',
    path: '/invitations',
    access: 'admin',
    what: 'open invitations of the teams that one administers',
  },
  {
    method: 'POST',
    path: '/invitations',
    access: 'admin',
    what: 'makes an invitation',
  },
  {
    method: 'POST',
    path: '/invitations/:invitation/withdraw',
    access: 'admin',
    what: 'withdraws an invitation',
  },
  {
    method: 'POST',
    path: '/oauth/authorize',
    access: 'member',
    what: "takes the person's decision",
  },
  {
    method: 'GET',
    path: '/device',
    access: 'person',
    what: 'asks for the code that a device shows',
  },
  {
    method: 'POST',
    path: '/device',
    access: 'member',
    what: "takes the person's decision about it",
  },
  {
    method: 'GET',
    path: '/agents',
    access: 'own_or_admin',
    what: 'the connected agents, and what each may do',
  },
  {
    method: 'POST',
    path: '/agents/:tenant/:grant/end',
    access: 'own_or_admin',
    what: 'ends a connected agent',
  },
  {
    method: 'POST',
    path: '/agents/:tenant/end-client',
    access: 'admin',
    what: 'ends all agents of a client in a team',
  },
  {
    method: 'POST',
    path: '/agents/:tenant/block-client',
    access: 'admin',
    what: 'blocks a client in a team',
  },
  {
    method: 'POST',
    path: '/agents/:tenant/unblock-client',
    access: 'admin',
    what: 'lets a client be let in again',
  },
  {
    method: 'GET',
    path: '/projects',
    access: 'member',
    what: 'the projects of the own teams, and what one may do on each',
  },
  {
    method: 'GET',
    path: '/projects/:tenant/:project',
    access: 'member',
    what: 'the data and runs of a project, and who works on it',
  },
  {
    method: 'GET',
    path: '/runs/:tenant/:run',
    access: 'member',
    what: 'a run: how it ended, what it left and printed, what it was made of',
  },
  {
    method: 'GET',
    path: '/runs/:tenant/:run/outputs/:name',
    access: 'member',
    what: 'a file that a run left, or what it printed, as an attachment',
  },
  {
    method: 'POST',
    path: '/projects/:tenant/agent-sees',
    access: 'admin',
    what: 'says what agents see of data that comes to a team',
  },
  {
    method: 'POST',
    path: '/projects/:tenant/:project/agent-sees',
    access: 'project_owner',
    what: 'says what agents see of data that comes to a project',
  },
  {
    method: 'POST',
    path: '/projects/:tenant/:project/data/:source/agent-sees',
    access: 'project_owner',
    what: 'says what agents see of a data source, and of all that was computed from it',
  },
  {
    method: 'POST',
    path: '/projects/:tenant/:project/visibility',
    access: 'project_owner',
    what: 'restricts a project to who has a role on it, or opens it',
  },
  {
    method: 'POST',
    path: '/projects/:tenant/:project/members',
    access: 'project_owner',
    what: 'gives a member of the team a role on a project',
  },
  {
    method: 'POST',
    path: '/projects/:tenant/:project/members/:user/role',
    access: 'project_owner',
    what: 'gives somebody another role on a project',
  },
  {
    method: 'POST',
    path: '/projects/:tenant/:project/members/:user/remove',
    access: 'project_owner',
    what: 'takes a role on a project, the own one too',
  },
  {
    method: 'GET',
    path: '/members',
    access: 'member',
    what: 'who belongs to the own teams, and with which role',
  },
  {
    method: 'POST',
    path: '/members/:tenant/:user/role',
    access: 'admin',
    what: 'gives a member another role',
  },
  {
    method: 'POST',
    path: '/members/:tenant/:user/remove',
    access: 'admin',
    what: 'ends a membership, the own one too',
  },
  {
    method: 'GET',
    path: '/members/:tenant/:user/sign-ins',
    access: 'admin',
    what: 'how a member signed in, for admins',
  },
  {
    method: 'GET',
    path: '/tokens',
    access: 'own_or_admin',
    what: 'the own API tokens; for admins those of the team',
  },
  {
    method: 'POST',
    path: '/tokens',
    access: 'member',
    what: 'makes an API token, and shows it once',
  },
  {
    method: 'POST',
    path: '/tokens/:tenant/:token/rotate',
    access: 'own',
    what: 'makes a successor of an own token, and shows it once',
  },
  {
    method: 'POST',
    path: '/tokens/:tenant/:token/revoke',
    access: 'own_or_admin',
    what: 'ends a token',
  },
  {
    method: 'GET',
    path: '/requests',
    access: 'own_or_admin',
    what: 'the request log: what was asked by tokens and agents',
  },
  {
    method: 'GET',
    path: '/audit',
    access: 'admin',
    what: 'the audit log: what happened, and what was refused',
  },
  {
    method: 'GET',
    path: '/audit/:tenant/export',
    access: 'admin',
    what: 'the whole audit log with its proof, as a file',
  },
  {
    method: 'GET',
    path: '/audit/sinks',
    access: 'admin',
    what: 'where the audit log is sent, and what was not taken',
  },
  {
    method: 'POST',
    path: '/audit/:tenant/sinks',
    access: 'owner',
    what: 'sends the audit log to a webhook, an S3 bucket or CloudWatch too',
  },
  {
    method: 'POST',
    path: '/audit/:tenant/sinks/:sink/resend',
    access: 'owner',
    what: 'sends a sink once more what it did not take',
  },
  {
    method: 'POST',
    path: '/audit/:tenant/sinks/:sink/end',
    access: 'owner',
    what: 'sends a sink nothing more',
  },
  {
    method: 'GET',
    path: '/teams',
    access: 'person',
    what: 'the teams that one owns, and those of them that wait for their deletion',
  },
  {
    method: 'GET',
    path: '/teams/:tenant/export',
    access: 'owner',
    what: 'everything of a team, as one archive',
  },
  {
    method: 'POST',
    path: '/teams/:tenant/delete',
    access: 'owner',
    what: 'suspends a team, and deletes it when its grace is over',
  },
  {
    method: 'POST',
    path: '/teams/:tenant/keep',
    access: 'owner',
    what: 'takes that back',
  },
  {
    method: 'POST',
    path: '/teams/:tenant/retention',
    access: 'owner',
    what: 'says for how long a team keeps what',
  },
] as const satisfies readonly Page[];

/** The pages and forms of somebody who is signed in, and who of them may. */
export const PAGE_ROUTES = PAGES.map((page) => ({ ...page, credential: 'session' as const }));

type KeyOf<Entry extends Page> = Entry extends Page ? `${Entry['method']} ${Entry['path']}` : never;
export type PageKey = KeyOf<(typeof PAGES)[number]>;

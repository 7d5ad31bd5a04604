import { type Context, Hono, type Next } from 'hono';
import { serveOperation } from './api/serve.ts';
import { downloadAudit, showAudit } from './audit/routes/audit.ts';
import { addSinkOfTeam, endSinkOfTeam, resendToSinkOfTeam, showSinks } from './audit/routes/sinks.ts';
import { assets } from './console/assets.ts';
import { landingPage } from './console/landing-page.ts';
import { receiveUpload } from './data/receive-upload.ts';
import { EntryRefused } from './database/database.ts';
import type { AppEnv } from './http/app-env.ts';
import { asRefusal } from './http/as-refusal.ts';
import { authenticate } from './http/authenticate.ts';
import { readCall } from './http/call.ts';
import { checkOrigin } from './http/check-origin.ts';
import { serveHealth } from './http/health.ts';
import { limitAddress } from './http/limit-address.ts';
import { limitArriving } from './http/limit-arriving.ts';
import { noteStrangers } from './http/note-strangers.ts';
import { nothingHere, tellSignedIn, tellStrangers } from './http/nothing-here.ts';
import { refusalResponse } from './http/refusal.ts';
import { refuseBadAddress } from './http/refuse-bad-address.ts';
import { requireSoundDatabase, requireSoundSettings } from './http/require-sound-startup.ts';
import { FIXED_ROUTES, OPERATION_ROUTES, type RouteKey } from './http/routes.ts';
import { securityHeaders } from './http/security-headers.ts';
import { entryRefused } from './http/unauthorized.ts';
import { allowWebClients } from './http/web-clients.ts';
import { widenAccept } from './http/widen-accept.ts';
import { serveMcp } from './mcp/endpoint.ts';
import type { Offer } from './mcp/offer.ts';
import { connectSocket } from './mcp/socket/connect-socket.ts';
import {
  blockClientOfTeam,
  endAgent,
  endClientOfTeam,
  showAgents,
  unblockClientOfTeam,
} from './oauth/routes/agents.ts';
import { decideConsent, showConsent } from './oauth/routes/authorize.ts';
import { decideForDevice, showDevice } from './oauth/routes/device.ts';
import { authorizeDevice } from './oauth/routes/device-authorization.ts';
import {
  serveDiscovery,
  serveKeys,
  serveResourceMetadata,
  serveServerMetadata,
} from './oauth/routes/metadata.ts';
import { register } from './oauth/routes/register.ts';
import { revoke } from './oauth/routes/revoke.ts';
import { token } from './oauth/routes/token.ts';
import { changePassword, endOneSession, endOthers, showAccount } from './people/routes/account.ts';
import { acceptInvitation, showInvitation } from './people/routes/invitation.ts';
import { createInvitation, showInvitations, withdrawInvitation } from './people/routes/invitations.ts';
import { logIn, showLogin } from './people/routes/login.ts';
import { logOut } from './people/routes/logout.ts';
import { changeMemberRole, endMember, showMembers, showSignIns } from './people/routes/members.ts';
import { readNotices, showNotices } from './people/routes/notices.ts';
import { recoverAccount, showRecovery } from './people/routes/recovery.ts';
import { platformOf } from './platform.ts';
import {
  addMember,
  changeAgentSees,
  changeDefaultAgentSees,
  changeMember,
  changeTeamAgentSees,
  changeVisibility,
  endMember as endProjectMember,
  showProject,
  showProjects,
} from './projects/routes/projects.ts';
import { connectExecutor } from './runs/routes/connect-executor.ts';
import { download } from './runs/routes/download.ts';
import { getBlob, putBlob } from './runs/routes/executor-blobs.ts';
import { feedRun } from './runs/routes/executor-feed.ts';
import { lookAtFleet } from './runs/routes/fleet.ts';
import { refusedImageRoute } from './runs/routes/refused-image.ts';
import { registerExecutorRoute } from './runs/routes/register-executor.ts';
import { rotateExecutorKeyRoute } from './runs/routes/rotate-key.ts';
import { downloadOutput, showRun } from './runs/routes/runs.ts';
import { attendToTenant, exportForOperator } from './tenants/life/routes/operator.ts';
import {
  deleteTeam,
  downloadTeam,
  keepTeam,
  setTeamRetention,
  showTeams,
} from './tenants/life/routes/teams.ts';
import { showRequests } from './tokens/routes/requests.ts';
import { endToken, makeToken, rotateOwnToken, showTokens } from './tokens/routes/tokens.ts';

type Handler = (context: Context<AppEnv>) => Response | Promise<Response>;

/** A handler for each route of the table; a route without one, or a handler without a route, does not compile. */
const handlersFor = (offer: Offer): Record<RouteKey, Handler> => ({
  'GET /': (context) => landingPage(context.get('platform').publicUrl),
  'GET /assets/:file': (context) => assets(context.req.param('file') ?? ''),
  'GET /healthz': serveHealth,
  'ALL /mcp': (context) =>
    serveMcp(context.req.raw, {
      platform: context.get('platform'),
      principal: context.get('principal'),
      session: context.get('session'),
      call: context.get('call'),
      offer,
      use: context.get('use'),
    }),
  'GET /mcp/ws': connectSocket,
  'PUT /uploads/:link': (context) =>
    receiveUpload(
      context.req.raw,
      context.req.param('link') ?? '',
      context.get('platform'),
      context.get('call'),
    ),
  'POST /executor/register': registerExecutorRoute,
  'POST /executor/rotate-key': rotateExecutorKeyRoute,
  'POST /executor/refused-image': refusedImageRoute,
  'POST /executor/fleet': lookAtFleet,
  'POST /operator/tenants/:tenant/attend': attendToTenant,
  'GET /operator/tenants/:tenant/export': exportForOperator,
  'GET /executor/connect': connectExecutor,
  'GET /executor/blobs/:sha256': getBlob,
  'PUT /executor/blobs/:sha256': putBlob,
  'GET /executor/runs/:run/feed': feedRun,
  'GET /downloads/:link': download,
  'GET /login': showLogin,
  'POST /login': logIn,
  'POST /logout': logOut,
  'GET /account': showAccount,
  'POST /account/password': changePassword,
  'POST /account/sessions/end-others': endOthers,
  'POST /account/sessions/:session/end': endOneSession,
  'GET /notices': showNotices,
  'POST /notices': readNotices,
  'GET /invitations': showInvitations,
  'POST /invitations': createInvitation,
  'POST /invitations/:invitation/withdraw': withdrawInvitation,
  'GET /invitations/:link': showInvitation,
  'POST /invitations/:link': acceptInvitation,
  'GET /recovery/:link': showRecovery,
  'POST /recovery/:link': recoverAccount,
  'GET /.well-known/oauth-protected-resource': serveResourceMetadata,
  'GET /.well-known/oauth-protected-resource/mcp': serveResourceMetadata,
  'GET /.well-known/oauth-authorization-server': serveServerMetadata,
  'GET /.well-known/openid-configuration': serveDiscovery,
  'GET /oauth/jwks': serveKeys,
  'POST /oauth/register': register,
  'GET /oauth/authorize': showConsent,
  'POST /oauth/authorize': decideConsent,
  'POST /oauth/token': token,
  'POST /oauth/revoke': revoke,
  'POST /oauth/device': authorizeDevice,
  'GET /device': showDevice,
  'POST /device': decideForDevice,
  'GET /agents': showAgents,
  'POST /agents/:tenant/:grant/end': endAgent,
  'POST /agents/:tenant/end-client': endClientOfTeam,
  'POST /agents/:tenant/block-client': blockClientOfTeam,
  'POST /agents/:tenant/unblock-client': unblockClientOfTeam,
  'GET /projects': showProjects,
  'GET /projects/:tenant/:project': showProject,
  'POST /projects/:tenant/agent-sees': changeTeamAgentSees,
  'POST /projects/:tenant/:project/agent-sees': changeDefaultAgentSees,
  'POST /projects/:tenant/:project/data/:source/agent-sees': changeAgentSees,
  'POST /projects/:tenant/:project/visibility': changeVisibility,
  'POST /projects/:tenant/:project/members': addMember,
  'POST /projects/:tenant/:project/members/:user/role': changeMember,
  'POST /projects/:tenant/:project/members/:user/remove': endProjectMember,
  'GET /runs/:tenant/:run': showRun,
  'GET /runs/:tenant/:run/outputs/:name': downloadOutput,
  'GET /members': showMembers,
  'POST /members/:tenant/:user/role': changeMemberRole,
  'POST /members/:tenant/:user/remove': endMember,
  'GET /members/:tenant/:user/sign-ins': showSignIns,
  'GET /tokens': showTokens,
  'POST /tokens': makeToken,
  'POST /tokens/:tenant/:token/rotate': rotateOwnToken,
  'POST /tokens/:tenant/:token/revoke': endToken,
  'GET /requests': showRequests,
  'GET /audit': showAudit,
  'GET /audit/:tenant/export': downloadAudit,
  'GET /audit/sinks': showSinks,
  'POST /audit/:tenant/sinks': addSinkOfTeam,
  'POST /audit/:tenant/sinks/:sink/resend': resendToSinkOfTeam,
  'POST /audit/:tenant/sinks/:sink/end': endSinkOfTeam,
  'GET /teams': showTeams,
  'GET /teams/:tenant/export': downloadTeam,
  'POST /teams/:tenant/delete': deleteTeam,
  'POST /teams/:tenant/keep': keepTeam,
  'POST /teams/:tenant/retention': setTeamRetention,
});

/** The Worker's whole HTTP surface, in the order in which a request meets it; `offer` is what agents find at `/mcp`. */
export function createApp(offer: Offer): Hono<AppEnv> {
  const handlers = handlersFor(offer);
  const app = new Hono<AppEnv>({ strict: false });
  app.use(securityHeaders());
  app.use(async function readContext(context, next) {
    context.set('call', readCall(context.req.raw, context.env.EDGE ?? 'cloudflare'));
    await next();
    if (context.res.status !== 101) context.res.headers.set('x-request-id', context.get('call').requestId);
  });
  app.use(noteStrangers());
  app.use(limitAddress());
  app.use(requireSoundSettings());
  app.use(async function openPlatform(context, next) {
    context.set('platform', await platformOf(context.env));
    return next();
  });
  app.use(allowWebClients());
  app.use(requireSoundDatabase());
  app.use(checkOrigin());
  app.use(refuseBadAddress());
  app.use(limitArriving());
  app.get('/mcp', async function showPageToBrowsers(context, next) {
    if (context.req.header('accept')?.includes('text/html'))
      return landingPage(context.get('platform').publicUrl);
    return next();
  });
  app.post('/mcp', widenAccept());
  for (const route of FIXED_ROUTES) {
    const guards = route.credential === 'api_token' ? [authenticate(route.path)] : [];
    app.on(route.method, [route.path], ...guards, handlers[`${route.method} ${route.path}` as RouteKey]);
  }
  for (const { method, path, operation } of OPERATION_ROUTES) {
    const serve = serveOperation(operation);
    app.on(method, [path], async function whereEnabled(context: Context<AppEnv>, next: Next) {
      return context.env.ADMINISTRATION === 'on' ? serve(context) : next();
    });
  }
  app.all('*', tellSignedIn(nothingHere), tellStrangers(), authenticate('(unknown path)'), nothingHere);
  app.onError(function answerFailure(error, context) {
    const { requestId } = context.get('call');
    if (error instanceof EntryRefused)
      return entryRefused(error, requestId, context.get('platform').publicUrl);
    return refusalResponse(asRefusal(error, requestId, context.req.path), requestId);
  });
  return app;
}

/** What decides, by what it decides about: files without effects outside of their process, since mutants of them are run. */
export interface Module {
  readonly name: string;
  readonly says: string;
  readonly files: readonly string[];
}

export const MODULES: readonly Module[] = [
  {
    name: 'authentication',
    says: 'whose a request is',
    files: [
      'protocol/api-token.ts',
      'worker/identity/authenticate-bearer.ts',
      'worker/identity/authentication-attempt.ts',
      'worker/identity/spent-rates.ts',
      'worker/identity/verified-secrets.ts',
      'worker/identity/verify-api-token.ts',
      'worker/keep-newest.ts',
      'worker/oauth/authenticate-client.ts',
      'worker/oauth/jwt/verify.ts',
      'worker/people/email.ts',
      'worker/people/password-rules.ts',
      'worker/people/session-cookie.ts',
      'worker/runs/routes/connection-proof.ts',
    ],
  },
  {
    name: 'authorisation',
    says: 'what a request may, and where it comes from',
    files: [
      'worker/api/judge-call.ts',
      'worker/http/check-origin.ts',
      'worker/http/web-clients.ts',
      'worker/oauth/judge-authorization.ts',
      'worker/oauth/resource.ts',
      'worker/oauth/scope.ts',
      'worker/people/judge-post.ts',
      'worker/runs/capability.ts',
    ],
  },
  {
    name: 'tokens',
    says: 'what codes and tokens are exchanged for, and what tokens are made',
    files: [
      'worker/oauth/grants/judge-code.ts',
      'worker/oauth/grants/judge-refresh.ts',
      'worker/oauth/pkce.ts',
      'worker/oauth/user-code.ts',
      'worker/tokens/parse-token-form.ts',
      'worker/tokens/read-moment.ts',
    ],
  },
  {
    name: 'redirects',
    says: 'where a browser is sent',
    files: [
      'worker/oauth/authorization-response.ts',
      'worker/oauth/redirect-uri.ts',
      'worker/people/return-address.ts',
    ],
  },
  {
    name: 'guarded-fetch',
    says: 'what is fetched for a stranger',
    files: [
      'worker/http/parse-origins.ts',
      'worker/http/read-bounded.ts',
      'worker/outbound/guarded-fetch.ts',
      'worker/outbound/judge-address.ts',
      'worker/outbound/loopback-origins.ts',
    ],
  },
  {
    name: 'validation',
    says: 'which input reaches a handler',
    files: [
      'protocol/ids.ts',
      'worker/input/compile-pattern.ts',
      'worker/input/content-type.ts',
      'worker/input/judge-characters.ts',
      'worker/input/judge-json-text.ts',
      'worker/input/parse-form.ts',
      'worker/input/parse-json.ts',
      'worker/input/parse-name.ts',
      'worker/input/refused-text.ts',
      'worker/input/text-schemas.ts',
      'worker/mcp/parse-message.ts',
      'worker/mcp/uri-template.ts',
      'worker/oauth/client-metadata.ts',
      'worker/oauth/parameters.ts',
      'worker/projects/parse-path.ts',
      'worker/tenants/cursor.ts',
    ],
  },
  {
    name: 'envelopes',
    says: 'what a sealed secret opens with',
    files: [
      'protocol/base64url.ts',
      'worker/keys/data-key.ts',
      'worker/keys/key-encryption-key.ts',
      'worker/seal/envelope.ts',
      'worker/seal/fernet.ts',
      'worker/seal/seal.ts',
    ],
  },
  {
    name: 'container',
    says: 'what a sandbox is made of',
    files: [
      'executor/sandbox/bundle.ts',
      'executor/sandbox/docker-spec.ts',
      'executor/sandbox/inside.ts',
      'executor/sandbox/seccomp.ts',
      'executor/sandbox-plan.ts',
    ],
  },
  {
    name: 'harvest',
    says: 'what leaves a sandbox',
    files: ['executor/harvest.ts', 'executor/output-name.ts'],
  },
];

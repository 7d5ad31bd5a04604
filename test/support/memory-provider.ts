import type { OAuthClientProvider, OAuthDiscoveryState } from '@modelcontextprotocol/client';
import type { OAuthClientProvider as OAuthClientProviderOf2025 } from '@modelcontextprotocol/sdk/client/auth.js';
import { REDIRECT } from './oauth.ts';

interface Known {
  client?: { client_id: string; client_secret?: string };
  tokens?: { access_token: string; token_type: string; refresh_token?: string; scope?: string };
  verifier?: string;
  discovery?: OAuthDiscoveryState;
}

/** What a client program keeps, in memory; the SDKs of both revisions take it. */
export class MemoryProvider {
  /** Where the SDK wants the person's browser to go; the test takes it there. */
  asked: URL | null = null;
  readonly known: Known;
  readonly redirectUrl = REDIRECT;
  readonly clientMetadata = {
    client_name: 'SDK agent',
    redirect_uris: [REDIRECT],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'none',
  };

  constructor(client?: { client_id: string }) {
    this.known = client === undefined ? {} : { client };
  }

  state(): string {
    return 'state-of-the-sdk';
  }
  clientInformation() {
    return this.known.client;
  }
  saveClientInformation(client: NonNullable<Known['client']>): void {
    this.known.client = client;
  }
  tokens() {
    return this.known.tokens;
  }
  saveTokens(tokens: NonNullable<Known['tokens']>): void {
    this.known.tokens = tokens;
  }
  redirectToAuthorization(url: URL): void {
    this.asked = url;
  }
  saveCodeVerifier(verifier: string): void {
    this.known.verifier = verifier;
  }
  codeVerifier(): string {
    return this.known.verifier ?? '';
  }
  saveDiscoveryState(state: OAuthDiscoveryState): void {
    this.known.discovery = state;
  }
  discoveryState() {
    return this.known.discovery;
  }

  /** As the SDKs type it; optional properties differ between the two. */
  get for2026(): OAuthClientProvider {
    return this as unknown as OAuthClientProvider;
  }
  get for2025(): OAuthClientProviderOf2025 {
    return this as unknown as OAuthClientProviderOf2025;
  }
}

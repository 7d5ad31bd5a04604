export interface Endpoint {
  readonly mcpUrl: string;
  /** Null: the agent is given the address alone, and sends its person to the browser to sign in (OAuth). */
  readonly apiToken: string | null;
}

export interface ClientGuide {
  readonly title: string;
  /** Where the text goes: a terminal, or a file. */
  readonly where: string;
  /** The exact text to paste. */
  readonly text: (endpoint: Endpoint) => string;
  /** What this client can reach, and what to do when that is not enough. */
  readonly reach: string;
  readonly next: string;
}

const json = (value: unknown): string => JSON.stringify(value, null, 2);

/** What follows where there is a token, and nothing where its person signs in. */
function withToken<Part>({ apiToken }: Endpoint, part: (bearer: string) => Part): Part | undefined {
  return apiToken === null ? undefined : part(`Bearer ${apiToken}`);
}

const headers = (endpoint: Endpoint) =>
  withToken(endpoint, (Authorization) => ({ headers: { Authorization } }));

/** How each agent is told of an MCP server; one entry a client. The landing page and `./causeway connect` show it. */
export const CLIENTS = {
  'claude-code': {
    title: 'Claude Code',
    where: 'a terminal',
    text: (endpoint) =>
      `claude mcp add --transport http causeway ${endpoint.mcpUrl}${withToken(endpoint, (bearer) => ` --header "Authorization: ${bearer}"`) ?? ''}`,
    reach: 'It runs on this machine and reaches localhost.',
    next: 'start claude; /mcp lists causeway',
  },
  'claude-desktop': {
    title: 'Claude Desktop',
    where: 'claude_desktop_config.json (Settings, Developer, Edit Config)',
    // Some builds break arguments at blanks, so the header's value travels in the environment.
    text: (endpoint) =>
      json({
        mcpServers: {
          causeway: {
            command: 'npx',
            args: [
              '-y',
              'mcp-remote',
              endpoint.mcpUrl,
              ...(isPlainRemote(endpoint.mcpUrl) ? ['--allow-http'] : []),
              // biome-ignore lint/suspicious/noTemplateCurlyInString: the bridge itself fills this in.
              ...(withToken(endpoint, () => ['--header', 'Authorization:${AUTHORIZATION}']) ?? []),
            ],
            ...withToken(endpoint, (AUTHORIZATION) => ({ env: { AUTHORIZATION } })),
          },
        },
      }),
    reach:
      'Its own connectors start in the cloud and never reach localhost; the mcp-remote bridge (npm) runs on this machine and does. Without the bridge it needs a public https address.',
    next: 'quit Claude Desktop wholly and start it again',
  },
  codex: {
    title: 'Codex',
    where: 'a terminal',
    text: (endpoint) =>
      endpoint.apiToken === null
        ? `codex mcp add causeway --url ${endpoint.mcpUrl} && codex mcp login causeway`
        : [
            `export CAUSEWAY_TOKEN=${endpoint.apiToken}`,
            `codex mcp add causeway --url ${endpoint.mcpUrl} --bearer-token-env-var CAUSEWAY_TOKEN`,
          ].join('\n'),
    reach: 'It runs on this machine and reaches localhost.',
    next: 'start codex in the same terminal; /mcp lists causeway',
  },
  gemini: {
    title: 'Gemini CLI',
    where: 'a terminal',
    text: (endpoint) =>
      `gemini mcp add --scope user --transport http${withToken(endpoint, (bearer) => ` --header "Authorization: ${bearer}"`) ?? ''} causeway ${endpoint.mcpUrl}`,
    reach: 'It runs on this machine and reaches localhost.',
    next: 'start gemini; /mcp lists causeway',
  },
  cursor: {
    title: 'Cursor',
    where: '~/.cursor/mcp.json',
    text: (endpoint) =>
      json({
        mcpServers: { causeway: { url: endpoint.mcpUrl, ...headers(endpoint) } },
      }),
    reach: 'It runs on this machine and reaches localhost.',
    next: 'Settings, MCP shows causeway with its tools',
  },
  vscode: {
    title: 'VS Code',
    where: '.vscode/mcp.json of a workspace, or what the command “MCP: Open User Configuration” opens',
    text: (endpoint) =>
      json({
        servers: {
          causeway: { type: 'http', url: endpoint.mcpUrl, ...headers(endpoint) },
        },
      }),
    reach: 'It runs on this machine and reaches localhost.',
    next: 'press Start above the entry; agent mode then has the tools',
  },
} as const satisfies Record<string, ClientGuide>;

export type ClientName = keyof typeof CLIENTS;

/** Said of every client that is not in the table because it runs elsewhere. */
export const CLOUD_CLIENTS =
  'claude.ai and ChatGPT run in the cloud: they need a public https address, and sign in through the browser.';

function isPlainRemote(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && !['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
}

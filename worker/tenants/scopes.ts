/** Every scope, with the sentence that a person reads when an agent asks for it. */
export const SCOPES = {
  'projects:read': 'Read projects, files and history',
  'projects:write': 'Create projects and change files',
  'data:read': 'List and describe data',
  'data:write': 'Import data',
  'runs:execute': 'Run models and read their results',
  share: 'Offer models to other tenants and share dashboards (nothing here asks for it yet)',
  'tools:call': 'Call tools of upstream servers (nothing here asks for it yet)',
} as const;

export type Scope = keyof typeof SCOPES;
export const ALL_SCOPES = Object.keys(SCOPES) as readonly Scope[];

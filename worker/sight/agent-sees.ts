/** What agents see of a source, as people set it. An agent is whatever is not a person's session. */
export const AGENT_SEES = ['full', 'schema_only'] as const;
export type AgentSees = (typeof AGENT_SEES)[number];

/** What a caller sees of a source: all; names and types of its columns; or only how large it is, about. */
export type Sight = 'all' | 'schema' | 'shape';

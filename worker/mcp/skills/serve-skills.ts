import type { Server } from '@modelcontextprotocol/server';
import { ResourceNotFoundError } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { sha256Hex, utf8 } from '../../blobs/sha256.ts';
import { SKILLS } from './index.ts';
import type { Skill } from './skill.ts';

/** The extension for skills (SEP-2640), as the server advertises it. */
export const SKILLS_EXTENSION = { 'io.modelcontextprotocol/skills': {} } as const;

/** The same for everybody, and only another deployment changes them. */
const CACHED = { ttlMs: 300_000, cacheScope: 'public' } as const;

// Made once: a server is made for each request, and making these took a fortieth of a `tools/list`.
const LIST = { params: z.looseObject({}).optional() };
const GET = { params: z.looseObject({ uri: z.string() }) };

/** Answers `skills/list` and `skills/get`; the files themselves are read as resources. */
export function serveSkills(server: Server): void {
  server.setRequestHandler('skills/list', LIST, async () => ({
    skills: await Promise.all(SKILLS.map(entryOf)),
    ...CACHED,
  }));
  server.setRequestHandler('skills/get', GET, async ({ uri }) => {
    const skill = SKILLS.find((candidate) => candidate.uri === uri);
    if (skill === undefined) throw new ResourceNotFoundError(uri, 'There is no such skill.');
    return { skill: await entryOf(skill), ...CACHED };
  });
}

async function entryOf({ name, description, uri, text }: Skill) {
  const bytes = utf8(text);
  return {
    uri,
    frontmatter: { name, description },
    resources: [{ uri, digest: `sha256:${await sha256Hex(bytes)}`, size: bytes.byteLength }],
  };
}

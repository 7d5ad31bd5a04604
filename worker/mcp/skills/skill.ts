/** A skill (SEP-2640): a guide for agents, one file with a name and a description at its head. */
export interface Skill {
  readonly name: string;
  readonly description: string;
  readonly uri: string;
  /** The whole of SKILL.md, its head too. */
  readonly text: string;
}

const HEAD = /^---\nname: ([a-z0-9-]+)\ndescription: ([^\n]+)\n---\n# ([^\n]+)\n/;

/** Reads a skill of ours from its file; throws where its head is not what the skills of this folder have. */
export function readSkill(text: string): Skill & { readonly title: string } {
  const [, name, description, title] = HEAD.exec(text) ?? [];
  if (name === undefined || description === undefined || title === undefined)
    throw new Error(`a skill has no head: ${text.slice(0, 80)}`);
  return { name, description, title, uri: `skill://${name}/SKILL.md`, text };
}

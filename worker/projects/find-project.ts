import type { ProjectAt } from '../database/projects.ts';
import { Refusal } from '../http/refusal.ts';
import { quoted } from '../input/quoted.ts';
import type { FileEntry } from './change-files.ts';
import { type ProjectPath, parseProjectPath } from './parse-path.ts';

const NAMES_SHOWN_MAX = 20;

/** The project, or the refusal for one that is absent or not yours (the two look alike). */
export function foundProject<Found>(found: Found | null, reference: string): Found {
  if (found === null) {
    throw new Refusal('not_found', `There is no project \`${quoted(reference)}\`.`, {
      hint: 'list_projects shows the projects; name one by its id, or by its name where no other has it.',
    });
  }
  return found;
}

/** The project at a commit that must be there: `ref` names one, or the project has a head. */
export function foundCommit(
  found: ProjectAt,
  ref: string | undefined,
): ProjectAt & { readonly commit: string } {
  const { commit } = found;
  if (commit === null) {
    throw ref === undefined
      ? new Refusal('not_found', `The project \`${found.project.name}\` has no commit yet.`, {
          hint: 'write_files makes the first one.',
        })
      : new Refusal('not_found', `The project has no commit \`${quoted(ref)}\`.`, {
          hint: 'list_commits shows the commits; give a full id or a unique prefix of at least 7 characters.',
        });
  }
  return { ...found, commit };
}

/** A file of the commit, or a refusal that names what is there. */
export function foundFile(found: ProjectAt, path: ProjectPath): FileEntry {
  const entry = found.files[path];
  if (entry !== undefined && Object.hasOwn(found.files, path)) return entry;
  const names = Object.keys(found.files).sort();
  const shown = names.slice(0, NAMES_SHOWN_MAX).join(', ') + (names.length > NAMES_SHOWN_MAX ? ', …' : '');
  throw new Refusal(
    'not_found',
    `\`${path}\` is not in the project${found.commit === null ? '' : ` at commit ${found.commit.slice(0, 7)}`}; it has: ${shown || 'no files'}.`,
    {
      hint: 'Names are case-sensitive.',
    },
  );
}

/** The path, or the refusal that says what is wrong with it. */
export function acceptedPath(text: string): ProjectPath {
  const parsed = parseProjectPath(text);
  if (!parsed.ok)
    throw new Refusal('invalid_path', `The path \`${quoted(text)}\` ${parsed.reason}.`, {
      details: { path: quoted(text) },
    });
  return parsed.path;
}

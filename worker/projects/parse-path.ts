import { limit } from '../../protocol/limits.ts';
import { judgeCharacters } from '../input/judge-characters.ts';

/** A path inside a project whose form was checked: relative, `/`-separated, safe to place under `/repo`. */
export type ProjectPath = string & { readonly __kind: 'project path' };

export type ParsedPath =
  | { readonly ok: true; readonly path: ProjectPath }
  | { readonly ok: false; readonly reason: string };

const PATH_BYTES_MAX = limit('path_bytes');
const PART_BYTES_MAX = limit('path_part_bytes');
/** Names that git, or Causeway, keeps for itself, however a file system may spell them (git's `verify_path`). */
const RESERVED = /^(\.git|git~\d+|\.causeway)[. ]*$/i;

/** Judges a path that came from outside. `reason` completes the sentence "The path … ". */
export function parseProjectPath(text: string): ParsedPath {
  if (text === '') return refused('is empty');
  if (text.startsWith('/'))
    return refused('is absolute; paths are relative to the project, as models/forecast.py');
  if (text.includes('\\')) return refused('has a backslash; separate folders with /');
  if (judgeCharacters(text, { lines: false })?.reason === 'unseen')
    return refused('has an invisible or control character');
  if (!text.isWellFormed() || text.normalize('NFC') !== text)
    return refused('is not normalised Unicode (NFC)');
  if (new TextEncoder().encode(text).length > PATH_BYTES_MAX)
    return refused(`is over ${PATH_BYTES_MAX} bytes`);
  for (const segment of text.split('/')) {
    if (segment === '') return refused('has an empty part (//, or a slash at the end)');
    if (segment === '.' || segment === '..') return refused('has a . or .. part and could leave the project');
    if (RESERVED.test(segment)) return refused(`uses the reserved name ${segment}`);
    if (new TextEncoder().encode(segment).length > PART_BYTES_MAX)
      return refused(`has a name over ${PART_BYTES_MAX} bytes`);
  }
  return { ok: true, path: text as ProjectPath };
}

function refused(reason: string): ParsedPath {
  return { ok: false, reason };
}

import { parseAst } from 'rolldown/parseAst';
import { analyse } from 'scslre';
import { DOUBLED_MAX, isDoubling } from './doubling.ts';
import { placesOf } from './expression-places.ts';
import type { SourceText } from './import-graph.ts';
import { isSearchedAnew, READ_ANEW_MAX } from './searched-anew.ts';
import { isTrading, TRADED_MAX } from './trading.ts';

/** Files that make an expression of pieces of their own, and what those are; one of text from outside is never made. */
const MADE_FROM_OWN_PIECES: Readonly<Record<string, string>> = {
  'protocol/ids.ts': 'a prefix of ours',
  'worker/api/schemas.ts': 'a prefix of ours',
  'worker/oauth/secret.ts': 'a prefix of ours',
  'worker/runs/routes/fleet-proof.ts': 'schemes and forms of ids',
  'worker/runs/routes/connection-proof.ts': 'schemes and forms of ids',
  'executor/sandbox-plan.ts': 'names of packages of the image',
  'infra/image-signature/statement.ts': 'lines of a statement of ours',
  'infra/sandbox-image/tree/unneeded.ts': 'paths of the image',
  'worker/input/compile-pattern.ts': 'a pattern of the operator, which it judges first',
  'cli/deep/mutation/mutate-pattern.ts': 'patterns of this repository, to see whether they are some',
};

/** What is read of a node of the syntax tree (ESTree). */
interface Node {
  readonly type?: unknown;
  readonly start?: number;
  readonly regex?: { readonly pattern: string; readonly flags: string };
  readonly callee?: { readonly type?: unknown; readonly name?: unknown };
}

/**
 * Regular expressions whose time can grow faster than their text, one line each: by backtracking over one character that is
 * repeated (`Self`, `Trade`) or over any text (`doubling`; `trading`), or by trying anew at each character (`Move`) or at each
 * beginning (`searched anew`). `trading` and `searched anew` not in `cli/`, where hardly any meets text that a stranger sends.
 * Assertions and references back are passed over.
 */
export function findSlowExpressions(sources: readonly SourceText[]): readonly string[] {
  return sources.flatMap(({ path, text }) => {
    const found: string[] = [];
    visit(parseAst(text, { lang: 'ts' }), (node) => {
      const fault = faultOf(node, path);
      if (fault !== null) found.push(`${path}:${lineAt(text, node.start ?? 0)}  ${fault}`);
    });
    return found;
  });
}

function faultOf({ type, regex, callee }: Node, path: string): string | null {
  if (regex !== undefined) {
    const shown = `/${regex.pattern}/${regex.flags}`;
    try {
      const { reports } = analyse({ source: regex.pattern, flags: regex.flags });
      const kinds = new Set<string>(reports.map((report) => report.type));
      if (isDoubling(placesOf(regex, DOUBLED_MAX))) kinds.add('doubling');
      if (!path.startsWith('cli/')) {
        if (isSearchedAnew(placesOf(regex, READ_ANEW_MAX))) kinds.add('searched anew');
        if (isTrading(placesOf(regex, TRADED_MAX))) kinds.add('trading');
      }
      return kinds.size === 0 ? null : `${shown.slice(0, 100)} is not linear (${[...kinds].join(', ')})`;
    } catch (error) {
      return `${shown.slice(0, 100)} cannot be judged: ${(error as Error).message}`;
    }
  }
  const isMade = (type === 'NewExpression' || type === 'CallExpression') && callee?.name === 'RegExp';
  return isMade && !(path in MADE_FROM_OWN_PIECES)
    ? 'an expression is made of pieces; write it as a literal, or name the pieces in cli/gate/regular-expressions.ts'
    : null;
}

function visit(value: unknown, see: (node: Node) => void): void {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) see(value as Node);
  for (const inner of Object.values(value)) visit(inner, see);
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

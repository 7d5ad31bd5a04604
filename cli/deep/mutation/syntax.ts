import { parseAst } from 'rolldown/parseAst';

/** A node of the syntax tree (ESTree); `start` and `end` count UTF-16 units of the source. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

/** The words of TypeScript that stand around an expression; all others are types, and no program runs them. */
const AROUND_EXPRESSIONS = ['TSAsExpression', 'TSSatisfiesExpression', 'TSNonNullExpression'];
/** What names a module or a member is no value: another one would not be a program. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  ImportDeclaration: ['specifiers', 'source', 'attributes'],
  ExportNamedDeclaration: ['specifiers', 'source', 'attributes'],
  ExportAllDeclaration: ['source', 'attributes'],
};

/** Calls `see` with each node of a TypeScript source that runs. */
export function visitSource(text: string, see: (node: Node) => void): void {
  visit(parseAst(text, { lang: 'ts' }) as unknown as Node, see);
}

function visit(node: Node, see: (node: Node) => void): void {
  if (node.type.startsWith('TS')) {
    if (AROUND_EXPRESSIONS.includes(node.type)) visit(node.expression as Node, see);
    return;
  }
  see(node);
  for (const [key, value] of Object.entries(node)) {
    if (NAMES[node.type]?.includes(key)) continue;
    if (key === 'key' && node.computed !== true) continue;
    for (const inner of Array.isArray(value) ? value : [value]) if (isNode(inner)) visit(inner, see);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}

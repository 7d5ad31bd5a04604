import { mutatePattern } from './mutate-pattern.ts';
import type { Node } from './syntax.ts';

/** Another text for a piece of a source. */
export interface Change {
  readonly kind: string;
  readonly start: number;
  readonly end: number;
  readonly to: string;
}

type Mutator = (node: Node, text: string) => readonly Change[];

const OPERATORS: Readonly<Record<string, readonly string[]>> = {
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
  '&': ['|'],
  '|': ['&'],
  '^': ['&'],
  '<<': ['>>'],
  '>>': ['<<'],
  '>>>': ['<<'],
  '&&': ['||'],
  '||': ['&&'],
  '??': ['&&'],
  '+=': ['-='],
  '-=': ['+='],
  '*=': ['/='],
  '/=': ['*='],
  '&&=': ['||='],
  '||=': ['&&='],
  '??=': ['&&='],
  '++': ['--'],
  '--': ['++'],
};
const COMPARING = ['<', '<=', '>', '>=', '===', '!==', '&&', '||', 'in', 'instanceof'];

/** A Map and no object: a method may be called like what objects inherit (`toString`). */
const METHODS: ReadonlyMap<string, string> = new Map([
  ['startsWith', 'endsWith'],
  ['endsWith', 'startsWith'],
  ['toUpperCase', 'toLowerCase'],
  ['toLowerCase', 'toUpperCase'],
  ['some', 'every'],
  ['every', 'some'],
  ['min', 'max'],
  ['max', 'min'],
  ['floor', 'ceil'],
  ['ceil', 'floor'],
]);
/** Their result is of the kind of what they are called on. */
const LEFT_OUT = [
  'filter',
  'slice',
  'subarray',
  'sort',
  'toSorted',
  'reverse',
  'trim',
  'trimStart',
  'trimEnd',
  'normalize',
  'concat',
];

/**
 * The faults that are tried, by the node that they stand in: those of Stryker (its catalogue for JavaScript) with bits and
 * rounding. A text with blanks in it is for people and no decision, so it stays.
 */
export const MUTATORS: Readonly<Record<string, Mutator>> = {
  BinaryExpression: (node, text) => [...otherOperators(node, text), ...otherTruths(node)],
  LogicalExpression: (node, text) => [...otherOperators(node, text), ...otherTruths(node)],
  AssignmentExpression: otherOperators,
  UpdateExpression: (node, text) =>
    (OPERATORS[node.operator as string] ?? []).map((to) => {
      const start = text.indexOf(
        node.operator as string,
        node.prefix ? node.start : (node.argument as Node).end,
      );
      return { kind: 'operator', start, end: start + 2, to };
    }),
  UnaryExpression: (node, text) => {
    const operand = textOf(node.argument as Node, text);
    const to = { '!': operand, '-': `+${operand}`, '+': `-${operand}`, '~': operand }[
      node.operator as string
    ];
    return to === undefined ? [] : [change('operator', node, to)];
  },
  IfStatement: ({ test }) => truths(test as Node),
  ConditionalExpression: ({ test }) => truths(test as Node),
  // A loop that never ends is noticed by time alone.
  WhileStatement: ({ test }) => [change('condition', test as Node, 'false')],
  DoWhileStatement: ({ test }) => [change('condition', test as Node, 'false')],
  ForStatement: ({ test }) => (test ? [change('condition', test as Node, 'false')] : []),
  SwitchCase: ({ consequent }) => {
    const statements = consequent as readonly Node[];
    const [first, last] = [statements[0], statements.at(-1)];
    return first && last ? [{ kind: 'block', start: first.start, end: last.end, to: '' }] : [];
  },
  BlockStatement: (node) =>
    (node.body as readonly Node[]).length === 0 ? [] : [change('block', node, '{}')],
  ArrowFunctionExpression: ({ body }) =>
    (body as Node).type === 'BlockStatement' ? [] : [change('block', body as Node, 'undefined')],
  ArrayExpression: (node) =>
    (node.elements as readonly Node[]).length === 0
      ? [change('array', node, "['mutant']")]
      : [change('array', node, '[]')],
  ObjectExpression: (node) =>
    (node.properties as readonly Node[]).length === 0 ? [] : [change('object', node, '({})')],
  Literal: mutateLiteral,
  TemplateLiteral: (node) => {
    const texts = (node.quasis as readonly { value: { raw: string } }[]).map(({ value }) => value.raw);
    return texts.some((raw) => /\s/.test(raw)) ? [] : [change('string', node, '``')];
  },
  MemberExpression: leaveNoGap,
  CallExpression: (node, text) => [...leaveNoGap(node, text), ...otherMethods(node, text)],
};

function change(kind: string, { start, end }: Node, to: string): Change {
  return { kind, start, end, to };
}

function textOf({ start, end }: Node, text: string): string {
  return text.slice(start, end);
}

function truths(test: Node): readonly Change[] {
  return [change('condition', test, 'true'), change('condition', test, 'false')];
}

function otherTruths(node: Node): readonly Change[] {
  return COMPARING.includes(node.operator as string) ? truths(node) : [];
}

function otherOperators(node: Node, text: string): readonly Change[] {
  const [left, right] = [node.left as Node, node.right as Node];
  // Text after text: it has no other operator.
  if (
    node.operator === '+' &&
    [left, right].some(({ type, value }) => type === 'TemplateLiteral' || typeof value === 'string')
  )
    return [];
  return (OPERATORS[node.operator as string] ?? []).map((to) => {
    // Comments between the operands are few, and none has an operator of its own before it.
    const start = text.indexOf(node.operator as string, left.end);
    return { kind: 'operator', start, end: start + (node.operator as string).length, to };
  });
}

function mutateLiteral(node: Node): readonly Change[] {
  const { value } = node;
  if (typeof value === 'boolean') return [change('boolean', node, String(!value))];
  const regex = node.regex as { readonly pattern: string; readonly flags: string } | undefined;
  if (regex)
    return mutatePattern(regex.pattern, regex.flags).map((to) =>
      change('pattern', node, `/${to}/${regex.flags}`),
    );
  if (typeof value !== 'string' || /\s/.test(value)) return [];
  return [change('string', node, value === '' ? "'mutant'" : "''")];
}

/** `a?.b` as `a.b`. */
function leaveNoGap(node: Node, text: string): readonly Change[] {
  if (node.optional !== true) return [];
  const start = text.indexOf('?.', ((node.object ?? node.callee) as Node).end);
  const to = /[[(]/.test(text.charAt(start + 2)) ? '' : '.';
  return [{ kind: 'optional', start, end: start + 2, to }];
}

function otherMethods(node: Node, text: string): readonly Change[] {
  const callee = node.callee as Node;
  if (callee.type !== 'MemberExpression' || callee.computed === true) return [];
  const property = callee.property as Node;
  const name = property.name as string;
  const other = METHODS.get(name);
  if (other !== undefined) return [change('method', property, other)];
  return LEFT_OUT.includes(name) ? [change('method', node, textOf(callee.object as Node, text))] : [];
}

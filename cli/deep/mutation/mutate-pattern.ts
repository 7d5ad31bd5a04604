const OPPOSITE: Readonly<Record<string, string>> = {
  '\\d': '\\D',
  '\\D': '\\d',
  '\\s': '\\S',
  '\\S': '\\s',
  '\\w': '\\W',
  '\\W': '\\w',
  '\\b': '\\B',
  '\\p': '\\P',
  '\\P': '\\p',
  '(?=': '(?!',
  '(?!': '(?=',
  '(?<=': '(?<!',
  '(?<!': '(?<=',
};

/** A piece of a pattern: an escape, the head of a group, a count, the head of a class, or one character. */
const PIECE =
  /\\u\{[^}]*\}|\\[pP](?=\{)|\\u[\da-fA-F]{4}|\\x[\da-fA-F]{2}|\\.|\(\?(?:<?[=!]|:|<[^>]*>)|\{\d+(?:,\d*)?\}|\[\^?|[\s\S]/gu;

/** Patterns that differ from `pattern` in one piece: an anchor, a class, a count, a look-around. Pure. */
export function mutatePattern(pattern: string, flags: string): readonly string[] {
  const changed: string[] = [];
  let isInClass = false;
  for (const { 0: piece, index } of pattern.matchAll(PIECE)) {
    const put = (to: string) =>
      changed.push(pattern.slice(0, index) + to + pattern.slice(index + piece.length));
    const opposite = OPPOSITE[piece];
    if (opposite !== undefined && !(isInClass && piece === '\\b')) put(opposite);
    if (isInClass) {
      if (piece === ']') isInClass = false;
      continue;
    }
    if (piece.startsWith('[')) {
      isInClass = true;
      put(piece === '[' ? '[^' : '[');
    } else if (/^[$^?*+]$/.test(piece)) put('');
    else for (const count of otherCounts(piece)) put(count);
  }
  return changed.filter((each) => isPattern(each, flags));
}

/** `{2,5}` as `{1,5}` and `{2,6}`. */
function otherCounts(piece: string): readonly string[] {
  const [, least, comma, most = ''] = /^\{(\d+)(?:(,)(\d*))?\}$/.exec(piece) ?? [];
  if (least === undefined) return [];
  const [low, high] = [Number(least), Number(most)];
  if (comma === undefined) return [`{${low + 1}}`, ...(low > 1 ? [`{${low - 1}}`] : [])];
  return [
    ...(low > 0 ? [`{${low - 1},${most}}`] : []),
    ...(most === '' ? [`{${low + 1},}`] : [`{${low},${high + 1}}`]),
  ];
}

function isPattern(pattern: string, flags: string): boolean {
  try {
    return pattern !== '' && new RegExp(pattern, flags) instanceof RegExp;
  } catch {
    return false;
  }
}

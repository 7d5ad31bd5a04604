const CONTROL = /^(begin|start|commit|end|abort|rollback|prepare\s+transaction)\b/i;

/**
 * Whether a statement would begin, end or repair a transaction. The extended protocol takes one command at a time, so
 * its first word decides. In the middle of a batch such a command would break it in two; ROLLBACK TO a savepoint would
 * let a batch commit after one of its statements failed, because everything behind the failure is sent already.
 */
export function controlsTransaction(text: string): boolean {
  return CONTROL.test(withoutLeadingComments(text));
}

function withoutLeadingComments(text: string): string {
  let at = 0;
  for (;;) {
    while (/[\s;]/.test(text.charAt(at))) at++;
    if (text.startsWith('--', at)) {
      const end = text.slice(at).search(/[\r\n]/);
      if (end === -1) return '';
      at += end;
    } else if (text.startsWith('/*', at)) {
      at = endOfBlockComment(text, at);
    } else {
      return text.slice(at, at + 200);
    }
  }
}

/** Block comments nest in SQL. */
function endOfBlockComment(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    if (text.startsWith('/*', at)) {
      depth++;
      at++;
    } else if (text.startsWith('*/', at)) {
      depth--;
      at++;
      if (depth === 0) return at + 1;
    }
  }
  return text.length;
}

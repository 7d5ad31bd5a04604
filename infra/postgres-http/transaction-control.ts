const CONTROL = /^(begin|start|commit|end|abort|rollback|prepare\s+transaction)\b/i;
const ROLLBACK_TO = /^(rollback|abort)\s+(work\s+|transaction\s+)?to\b/i;

/**
 * Whether a statement would begin or end a transaction. The extended protocol takes one command at a time, so its first
 * word decides; a batch is one transaction, and a command like this in the middle would break it in two.
 */
export function controlsTransaction(text: string): boolean {
  const command = withoutLeadingComments(text);
  return CONTROL.test(command) && !ROLLBACK_TO.test(command);
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

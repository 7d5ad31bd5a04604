import { RETAINED, type Retained, type RetentionWish } from '../../database/retention.ts';

export const RETAIN_DAYS_MAX = 36_500;

/** For how many days each is kept at least, where not for ever. */
export function retainDaysMin(kind: Retained): number {
  return kind === 'audit' ? 30 : 1;
}

/**
 * Reads what is wished for each kind: a number of days, `for-ever` or `default`. Where a text is none of these, its
 * kind is returned instead. Pure.
 */
export function parseRetentionWish(
  textOf: (kind: Retained) => string | undefined,
): { readonly ok: true; readonly wish: RetentionWish } | { readonly ok: false; readonly kind: Retained } {
  const wish: { [Kind in Retained]?: number | null | 'default' } = {};
  for (const kind of RETAINED) {
    const text = textOf(kind);
    if (text === undefined) continue;
    const days = /^[1-9][0-9]{0,4}$/.test(text) ? Number(text) : Number.NaN;
    if (text === 'default') wish[kind] = 'default';
    else if (text === 'for-ever') wish[kind] = null;
    else if (days >= retainDaysMin(kind) && days <= RETAIN_DAYS_MAX) wish[kind] = days;
    else return { ok: false, kind };
  }
  return { ok: true, wish };
}

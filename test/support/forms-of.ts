/** A text as itself and as base64 at each of the three places in which it may begin. */
export function formsOf(text: string): readonly string[] {
  const encoded = ['', 'x', 'xx'].map((before) => {
    const whole = Buffer.from(`${before}${text}`).toString('base64').replaceAll('=', '');
    return whole.slice(before === '' ? 0 : 4, -2);
  });
  return [text, ...encoded];
}

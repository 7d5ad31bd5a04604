/** What a text of JSON says; null where it is none. Whoever reads it judges it by a schema. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

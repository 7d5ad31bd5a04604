import { Refusal } from '../../http/refusal.ts';

/** The text of a form's field; throws where it is not there. */
export function requiredField(form: URLSearchParams, name: string): string {
  const text = form.get(name);
  if (text === null || text === '') throw new Refusal('invalid_arguments', `The field ${name} is missing.`);
  return text;
}

import { limit } from '../../protocol/limits.ts';
import { readBody } from '../http/read-body.ts';
import { Refusal } from '../http/refusal.ts';
import { requireContentType } from '../input/content-type.ts';
import { parseForm } from '../input/parse-form.ts';
import { judgePost } from './judge-post.ts';

/**
 * The fields of a posted form; no other way leads to them, so each form is judged by where it came from first. Of a
 * field that is there twice neither is believed. The caller checks the token: `checkCsrf`.
 */
export async function readForm(request: Request, publicUrl: string): Promise<URLSearchParams> {
  const { headers } = request;
  if (judgePost(publicUrl, { origin: headers.get('origin'), site: headers.get('sec-fetch-site') }) !== null) {
    throw new Refusal('forbidden_origin', 'This form was not sent from its own page.', {
      hint: `Open ${publicUrl} and send it from there.`,
    });
  }
  requireContentType(request, ['application/x-www-form-urlencoded']);
  const form = parseForm(await readBody(request, limit('form_bytes')));
  if (form === null) throw new Refusal('invalid_arguments', 'The form is not valid UTF-8, or holds a NUL.');
  if (new Set(form.keys()).size !== [...form.keys()].length) {
    throw new Refusal('invalid_arguments', 'A field of the form is there twice.');
  }
  return form;
}

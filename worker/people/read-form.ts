import { readBody } from '../http/read-body.ts';
import { Refusal } from '../http/refusal.ts';
import { judgePost } from './judge-post.ts';

const FORM_BYTES_MAX = 32 * 1024;

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
  const [type] = (headers.get('content-type') ?? '').split(';');
  if (type?.trim().toLowerCase() !== 'application/x-www-form-urlencoded') {
    throw new Refusal('invalid_arguments', 'This address takes a form.');
  }
  const form = new URLSearchParams(new TextDecoder().decode(await readBody(request, FORM_BYTES_MAX)));
  if (new Set(form.keys()).size !== [...form.keys()].length) {
    throw new Refusal('invalid_arguments', 'A field of the form is there twice.');
  }
  return form;
}

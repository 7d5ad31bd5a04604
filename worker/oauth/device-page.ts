import { html } from 'hono/html';
import { message, showPage } from '../console/frame.ts';
import type { Session } from '../people/session.ts';

/** Asks for the code that a device shows. */
export function deviceCodePage(session: Session, problem?: string): Promise<Response> {
  return showPage({
    title: 'Connect a device',
    viewer: session,
    ...(problem === undefined ? {} : { status: 422 }),
    body: html`${problem === undefined ? '' : message('problem', problem)}
<form method="get" action="/device" class="panel">
<div class="field"><label for="user_code">The code on your device</label>
<input id="user_code" name="user_code" type="text" required maxlength="20" autocomplete="off" autocapitalize="characters" spellcheck="false" aria-describedby="code-hint">
<span class="hint" id="code-hint">Eight letters, like BCDF-GHJK.</span></div>
<button class="primary">Go on</button>
</form>`,
  });
}

/** Tells the person what came of it; the device learns it when it polls. */
export function deviceDonePage(session: Session, isApproved: boolean): Promise<Response> {
  return showPage({
    title: isApproved ? 'The device is connected' : 'The device was declined',
    viewer: session,
    body: message(
      'done',
      isApproved ? 'Go back to your device: it goes on by itself.' : 'Nothing was granted.',
    ),
  });
}

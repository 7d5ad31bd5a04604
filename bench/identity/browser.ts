/** The Worker as a browser on this machine reaches it. */
export interface Place {
  readonly port: number;
  /** The public address, which forms must come from. */
  readonly publicUrl: string;
}

/** A form of a page that was opened: its hidden fields, and the headers with which a browser sends it. */
export interface OpenForm {
  readonly fields: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
}

/** A browser without JavaScript, as far as a benchmark needs one: it keeps cookies and fills forms in. */
export class Browser {
  private readonly place: Place;
  private readonly address: string;
  private readonly cookies = new Map<string, string>();

  constructor(place: Place, address: string) {
    this.place = place;
    this.address = address;
  }

  /** Opens the page at `path`; its form that goes to `action` can be sent as often as it is alive. */
  async open(path: string, action: string): Promise<OpenForm> {
    const response = await this.send(path, { method: 'GET' });
    const page = await response.text();
    const [, form] = page.split(`action="${action}"`);
    if (form === undefined) throw new Error(`no form for ${action} on ${path}: ${response.status}`);
    const inputs = form
      .split('</form>')[0]
      ?.matchAll(/<input type="hidden" name="([^"]+)"[^>]* value="([^"]*)">/g);
    return {
      fields: Object.fromEntries([...(inputs ?? [])].map(([, name = '', value = '']) => [name, value])),
      headers: this.headers(),
    };
  }

  /** Sends a form; where the browser is sent then. Throws where it is sent nowhere. */
  async submit(action: string, form: OpenForm, typed: Readonly<Record<string, string>>): Promise<string> {
    const body = new URLSearchParams({ ...form.fields, ...typed });
    const response = await this.send(action, { method: 'POST', body });
    const location = response.headers.get('location');
    if (response.status === 303 && location !== null) return location;
    throw new Error(`${action}: ${response.status} ${(await response.text()).slice(0, 300)}`);
  }

  private headers(): Record<string, string> {
    return {
      origin: this.place.publicUrl,
      'sec-fetch-site': 'same-origin',
      'cf-connecting-ip': this.address,
      cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
    };
  }

  private async send(path: string, init: RequestInit): Promise<Response> {
    const url = `http://127.0.0.1:${this.place.port}${path}`;
    const response = await fetch(url, { ...init, redirect: 'manual', headers: this.headers() });
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=');
      this.cookies.set(name, value);
    }
    return response;
  }
}

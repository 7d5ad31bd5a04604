// Loaded before the program: its wall clock is off by what the file of its query `clock` says, read anew on SIGWINCH, which means
// nothing to the program. Monotonic time goes on, as it does on a host whose clock is set.
import { readFileSync } from 'node:fs';

const file = new URL(import.meta.url).searchParams.get('clock');
const RealDate = Date;
let offsetMs = 0;
const read = () => {
  offsetMs = Number(readFileSync(file, 'utf8'));
};
read();
process.on('SIGWINCH', read);

globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + offsetMs);
    else super(...args);
  }
  static now() {
    return RealDate.now() + offsetMs;
  }
};

import type { Reading } from './pipes.ts';
import { lineSplitter, type ReportedCause, readReportLine } from './report-lines.ts';

const STACKS_CHARS_MAX = 16 * 1024;
const REPORT_BYTES_MAX = 256 * 1024;
const REPORT_BYTES_READ_MAX = 8 * 1024 * 1024;
const LINE_CHARS_MAX = 4096;

export interface Report {
  /** What faulthandler wrote when it was asked. */
  readonly stacks: string;
  /** The program's first line may have run; false is certain, as long as nothing inside reads this pipe. */
  readonly hasBegun: boolean;
  /** Its first word on its end; null as long as there is none. */
  readonly exit: { readonly code: number; readonly cause: ReportedCause } | null;
}

/** What a sandbox says of itself, told as it comes; the program inside can say any of it, and again. */
export interface ReportHandlers {
  imported(): void;
  ready(): void;
  exit(): void;
}

export function readReport({ socket }: Pick<Reading, 'socket'>, told: ReportHandlers): Report {
  let stacks = '';
  let hasBegun = false;
  let exit: Report['exit'] = null;
  let bytes = 0;
  const readLine = lineSplitter(LINE_CHARS_MAX, (text) => {
    const line = readReportLine(text);
    if (line.kind === 'imported') told.imported();
    else if (line.kind === 'ready') told.ready();
    else if (line.kind === 'begun') hasBegun = true;
    else if (line.kind === 'exit') {
      hasBegun = true;
      exit ??= { code: line.exitCode, cause: line.cause };
      told.exit();
    } else if (stacks.length < STACKS_CHARS_MAX) stacks += `${line.text}\n`;
  });
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    // The harness never says so much: the program writes here, and from now on to nobody. A pipe without a reader would
    // leave it waiting under gVisor, which it may well do to itself, but later: reading costs the host.
    if (bytes > REPORT_BYTES_READ_MAX) socket.pause();
    else if (bytes <= REPORT_BYTES_MAX) readLine(chunk);
  });
  return {
    get stacks() {
      return stacks;
    },
    get hasBegun() {
      return hasBegun;
    },
    get exit() {
      return exit;
    },
  };
}

import { isDeepStrictEqual } from 'node:util';
import { checkOutputName, mediaType, showName } from '../../../../executor/output-name.ts';
import { readMessage } from '../../../../executor/read-message.ts';
import { readProgress } from '../../../../executor/read-progress.ts';
import { readStacks, readTraceback } from '../../../../executor/read-traceback.ts';
import { lineSplitter, readReportLine } from '../../../../executor/sandbox/report-lines.ts';
import { fromExecutorSchema, toExecutorSchema } from '../../../../protocol/messages.ts';
import { Refusal } from '../../../../worker/http/refusal.ts';
import { accepts } from '../../../../worker/http/widen-accept.ts';
import { parseMessage } from '../../../../worker/mcp/parse-message.ts';
import { readFrame } from '../../../../worker/mcp/socket/read-frame.ts';
import { traceContextOf } from '../../../../worker/mcp/trace-context.ts';
import { expandUri, matchUri, parseTemplate } from '../../../../worker/mcp/uri-template.ts';
import { readCsv } from '../../../../worker/runs/output/read-csv.ts';
import { bytesOf, jsonOf, type Parser, promise } from '../parser.ts';

const FILE = 'project://{project}/{path}{?ref}';
const TEMPLATE = parseTemplate(FILE);
const UNSAFE_NAME = /[\p{Cc}\p{Zl}\p{Zp}\\]/u;

export const PROTOCOL_PARSERS: readonly Parser[] = [
  {
    name: 'mcp-message',
    file: 'worker/mcp/parse-message.ts',
    says: 'a message by POST or socket: one request, or the refusal that says why not; headers that it stands for are printable',
    pieces: [
      '{"jsonrpc":"2.0",',
      '"id":1,',
      '"method":"tools/call",',
      '"params":{',
      '"name":"whoami"',
      '}',
      '[',
      ']',
      '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}',
      ',',
      '"uri":"run://x"',
      '\u00e4',
      '"=?base64?"',
      'null',
    ],
    check(input) {
      const bytes = new TextEncoder().encode(input);
      for (const given of [bytes, bytesOf(input)]) {
        try {
          const { method, body } = parseMessage(given);
          promise(
            typeof body === 'object' && !Array.isArray(body) && method !== undefined,
            'it is one message',
          );
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
        }
      }
      for (const value of Object.values(readFrame(input).headers))
        promise(/^[\x20-\x7e]*$/.test(value), 'a header is printable');
    },
  },
  {
    name: 'uri-template',
    file: 'worker/mcp/uri-template.ts',
    says: 'a resource that is asked for: its variables come back as they went in',
    pieces: [
      'project://',
      'demo',
      '/',
      'models/a.py',
      '%2F',
      '%',
      '?ref=',
      '&',
      '=',
      '#',
      '{path}',
      '%00',
      '%ff',
      '__proto__',
      '?__proto__=1',
      'run://',
    ],
    check(input) {
      const found = matchUri(TEMPLATE, input);
      promise(
        found === null || Object.getPrototypeOf(found) === Object.prototype,
        'what is found has no prototype of its own',
      );
      if (!input.isWellFormed() || input === '' || input.length > 400) return;
      const uri = expandUri(FILE, { project: input, path: 'a/b' });
      if (input.includes('/')) return;
      promise(
        isDeepStrictEqual(matchUri(TEMPLATE, uri), { project: input, path: 'a/b' }),
        'a name comes back',
      );
    },
  },
  {
    name: 'trace-context',
    file: 'worker/mcp/trace-context.ts',
    says: 'the trace that a client sends: of its form, or none',
    pieces: [
      '00-',
      '0af7651916cd43dd8448eb211c80319c',
      '-',
      'b7ad6b7169203331',
      '01',
      'ff-',
      'rojo=1',
      ',',
      '=',
      '0'.repeat(32),
      ' ',
      '\n',
    ],
    check(input) {
      const parent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;
      for (const trace of [
        traceContextOf({ _meta: { traceparent: input } }),
        traceContextOf({ _meta: { traceparent: parent, tracestate: input } }),
      ]) {
        if (trace === null) continue;
        promise(
          /^[0-9a-f]{32}$/.test(trace.traceId) && /^[0-9a-f]{16}$/.test(trace.parentId),
          'its ids are hexadecimal',
        );
        promise(trace.state === null || /^[\x20-\x7e]{1,512}$/.test(trace.state), 'its state is printable');
      }
    },
  },
  {
    name: 'accept',
    file: 'worker/http/widen-accept.ts',
    says: 'an Accept header: judged whatever it holds',
    pieces: [
      'application/json',
      'text/event-stream',
      '*/*',
      'application/*',
      ',',
      ';',
      'q=0',
      'q=0.0',
      ' ',
      'text/*;q=0.5',
      '=',
    ],
    check(input) {
      promise(
        accepts(`${input.replaceAll(/[,;]/g, '')}, application/json`, 'application/json') ||
          /q=0/.test(input),
        'what is named is accepted',
      );
      accepts(input, 'text/event-stream');
    },
  },
  {
    name: 'csv',
    file: 'worker/runs/output/read-csv.ts',
    says: 'a table that a program wrote: every cell that a writer quotes comes back',
    pieces: ['a', ',', '\n', '\r\n', '"', '""', '\t', ' ', '=1+1', '\u0000', 'x,y\n1,2\n', '\ufeff'],
    check(input) {
      readCsv(input, '\t');
      readCsv(input, ',');
      const cell = input.toWellFormed();
      const table = readCsv(`h\n"${cell.replaceAll('"', '""')}"\n`, ',');
      promise(table.rows[0]?.[0] === cell && table.rows.length === 1, 'a quoted cell comes back');
    },
  },
  {
    name: 'executor-message',
    file: 'executor/read-message.ts',
    says: 'what pool and executor send each other: a message of the protocol, or none of it is used',
    pieces: [
      '{"type":"job",',
      '"run":"run_01jd0000000000000000000000",',
      '"fence":1,',
      '"type":"cancel"',
      '}',
      '{"type":"hello",',
      '1e400',
      '-1',
      '[]',
      'null',
      ',',
    ],
    check(input) {
      const read = readMessage(input);
      if (read.ok)
        promise(toExecutorSchema.safeParse(read.message).success, 'what is used has passed its schema');
      else promise(read.problem !== '', 'what is not says why');
      fromExecutorSchema.safeParse(jsonOf(input));
    },
  },
  {
    name: 'program-output',
    file: 'executor/read-progress.ts',
    says: 'lines that a hostile program writes on the pipes of its executor: bounded, storable, or nothing',
    pieces: [
      '{"done":',
      '1',
      ',"total":',
      '10',
      ',"message":"',
      '"}',
      '\\u0000',
      '\\ud800',
      'NaN',
      '1e400',
      '{"exit":0}',
      '{"ready":true}',
      '\n',
      '"cause":"memory_error"',
    ],
    check(input) {
      const progress = readProgress(input);
      if (progress !== null) {
        promise(
          Number.isFinite(progress.done) && (progress.total === null || Number.isFinite(progress.total)),
          'numbers are finite',
        );
        promise(
          progress.message.length <= 500 &&
            progress.message.isWellFormed() &&
            !progress.message.includes('\0'),
          'its message can be stored',
        );
      }
      const line = readReportLine(input);
      promise(line.kind !== 'exit' || (line.exitCode >= 0 && line.exitCode <= 255), 'an exit code is one');
      const lines: string[] = [];
      lineSplitter(100, (each) => lines.push(each))(Buffer.from(input));
      promise(
        lines.every((each) => each.length <= 100 && !each.includes('\n')),
        'a line is bounded',
      );
    },
  },
  {
    name: 'traceback',
    file: 'executor/read-traceback.ts',
    says: 'how a program says that it failed: a place below /repo, and text that can be shown',
    pieces: [
      'Traceback (most recent call last):\n',
      '  File "/repo/a.py", line 3, in f\n',
      '  File "/repo/../etc/passwd", line 1\n',
      'ValueError: x\n',
      '  | ',
      '+---',
      'Exception Group ',
      '\u001b[31m',
      '\u202e',
      'line 99999999999',
      '\ud800',
      'Thread 0x1 (most recent call first):\n',
      'File "<string>", line 1 in run_as_main\n',
    ],
    check(input) {
      const error = readTraceback(input);
      for (const place of [error, readStacks(input)]) {
        const path = place?.path ?? '';
        promise(
          !path.split('/').includes('..') &&
            !path.startsWith('/') &&
            !UNSAFE_NAME.test(path.replaceAll('\\', '')),
          'a place is a file of the project',
        );
        promise((place?.line ?? 0) <= 10_000_000, 'a line is one');
      }
      if (error === null) return;
      promise(error.message.length <= 2000 && error.message.isWellFormed(), 'its message can be stored');
      promise(
        !/[\p{Cf}\p{Zl}\p{Zp}]/u.test(error.message) &&
          !/\p{Cc}/u.test(error.message.replaceAll(/[\n\t]/g, '')),
        'its message can be shown',
      );
    },
  },
  {
    name: 'output-name',
    file: 'executor/output-name.ts',
    says: 'names of files that a program leaves: text that can be shown, or escaped',
    pieces: [
      'a.csv',
      '/',
      '..',
      '.',
      '\u0000',
      '\n',
      '\u00c3\u00a4',
      '\u00ff',
      ' ',
      '\\',
      '\u00e2\u0080\u00ae',
      'x'.repeat(300),
    ],
    check(input) {
      const parts = input.split('/').map(bytesOf);
      const checked = checkOutputName(parts);
      promise(/^[\x20-\x7e]*$/.test(showName(bytesOf(input))), 'what is refused is shown in ASCII');
      if (!checked.ok) return promise(checked.reason !== '', 'a refusal says why');
      promise(
        !UNSAFE_NAME.test(checked.name) && checked.name.isWellFormed() && checked.name.length <= 512,
        'a name can be shown',
      );
      promise(
        Buffer.from(checked.name).equals(
          Buffer.concat(parts.flatMap((part, at) => (at === 0 ? [part] : [Buffer.from('/'), part]))),
        ),
        'it names the very file',
      );
      promise(/^[a-z]+\/[a-z0-9.+-]+$/.test(mediaType(checked.name)), 'its type is one of ours');
    },
  },
];

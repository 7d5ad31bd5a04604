import { parseCredential } from '../../../../infra/postgres-http/credential.ts';
import { parameterText } from '../../../../infra/postgres-http/parameter.ts';
import { readSqlRequest } from '../../../../infra/postgres-http/sql-request.ts';
import { controlsTransaction } from '../../../../infra/postgres-http/transaction-control.ts';
import { jsonOf, type Parser, promise } from '../parser.ts';

const CONNECTION = 'postgres://app:secret@db/causeway';

export const DATABASE_PARSERS: readonly Parser[] = [
  {
    name: 'sql-request',
    file: 'infra/postgres-http/sql-request.ts',
    says: 'a request to postgres-http: statements for the configured server, none of which ends the transaction around it',
    pieces: [
      '{"query":"',
      'select 1',
      '","params":[',
      ']}',
      '{"queries":[',
      'commit',
      '/*',
      '*/',
      '--',
      '\\n',
      ';',
      ' ',
      'BEGIN',
      CONNECTION,
      'postgres://',
      '@',
      ':',
      '%',
      '%00',
      '/',
      'null',
      '[1,[2]]',
    ],
    check(input) {
      const parsed = parseCredential(input);
      if (parsed.ok)
        promise(
          Object.values(parsed.credential).every((part) => part !== '' && !part.includes('\0')),
          'a credential is whole',
        );
      const headers = { 'neon-connection-string': CONNECTION, 'neon-raw-text-output': 'true' };
      const read = readSqlRequest(headers, jsonOf(input) ?? { query: input, params: [input] }, 10);
      if (read.ok && read.request.work.kind === 'batch')
        promise(
          read.request.work.statements.length <= 10 &&
            !read.request.work.statements.some(({ text }) => controlsTransaction(text)),
          'a batch stays one transaction',
        );
      const comment = `/*${input.replaceAll(/\*\/|\/\*|\*$|^\/|\/$|^\*/g, '')} */`;
      if (!/[*/]/.test(comment.slice(2, -2)))
        promise(controlsTransaction(`${comment} ;\n-- x\rcommit`), 'no comment hides COMMIT');
      parameterText(jsonOf(input));
    },
  },
];

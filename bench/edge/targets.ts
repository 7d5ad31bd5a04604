import { answers, getRequest, inTurn, mcpRequest, sqlRequest } from '../load/requests.ts';
import type { Target } from '../load/target.ts';

export interface Places {
  readonly worker: { readonly port: number; readonly pid: number };
  readonly bare: { readonly port: number; readonly pid: number };
  readonly postgresHttp: { readonly port: number; readonly pid: number };
  readonly connectionString: string;
  readonly tokens: readonly string[];
}

/** From the barest to the whole, so that each line of a table holds what those above it lack. */
export function targetsOf(places: Places): Target[] {
  const { worker, bare, postgresHttp, connectionString, tokens } = places;
  const onBare = (name: string, path: string, text: string): Target => ({
    name,
    ...bare,
    next: inTurn([getRequest(path)]),
    check: answers(text),
  });
  return [
    onBare('bare Worker: hello', '/hello', 'hello'),
    onBare('bare Worker: gate RPC', '/gate', 'unknown'),
    {
      name: 'postgres-http: select 1',
      ...postgresHttp,
      next: inTurn([sqlRequest(connectionString)]),
      check: answers('"command":"SELECT"'),
    },
    onBare('bare Worker: select 1', '/select', '"one":1'),
    onBare('bare Worker: enter tenant', '/enter', '"role":"owner"'),
    {
      name: 'bare Worker: tools/list in SDK',
      ...bare,
      next: inTurn([mcpRequest('tools/list', null, 'none')]),
      check: answers('"run_model"'),
    },
    {
      name: 'Causeway: /healthz',
      ...worker,
      next: inTurn([getRequest('/healthz')]),
      check: answers('"ok":true'),
    },
    {
      name: 'Causeway: tools/list',
      ...worker,
      next: inTurn(tokens.map((token) => mcpRequest('tools/list', null, token))),
      check: answers('"run_model"'),
    },
    {
      name: 'Causeway: whoami',
      ...worker,
      next: inTurn(tokens.map((token) => mcpRequest('tools/call', 'whoami', token))),
      check: answers('"structuredContent"'),
    },
  ];
}

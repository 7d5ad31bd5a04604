import { spawn } from 'node:child_process';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { findFreePort } from '../../cli/database/find-free-port.ts';
import { CONFORMANCE } from '../support/conformance-suite.ts';
import { serveDocuments } from '../support/document-host.ts';
import { decide, registerClient, signedIn } from '../support/oauth.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { settleAccount, type Visitor } from '../support/visitor.ts';

const stack = sharedStack();

let browser: Visitor;
beforeAll(async () => {
  browser = await signedIn(stack, await settleAccount(stack, { name: 'Ann' }));
});

/** Runs the package's authorization suite; Ann opens the address that it prints, agrees, and is sent back to it. */
async function runSuite(clientId: string, port: number): Promise<string> {
  const child = spawn(process.execPath, [
    CONFORMANCE,
    'authorization',
    ...[
      '--url',
      stack.publicUrl,
      '--client-id',
      clientId,
      '--resource',
      stack.mcpUrl,
      '--port',
      String(port),
    ],
  ]);
  let output = '';
  let visited: Promise<unknown> | undefined;
  const read = (chunk: Buffer) => {
    output += chunk.toString();
    const address = /^http\S+\/oauth\/authorize\?\S+$/m.exec(output)?.[0];
    if (address === undefined || visited !== undefined) return;
    const { pathname, search } = new URL(address);
    // The suite prints the address before it listens where the browser is sent back to.
    visited = decide(browser, `${pathname}${search}`).then((back) =>
      vi.waitFor(() => fetch(back), { timeout: 30_000 }),
    );
  };
  child.stdout.on('data', read);
  child.stderr.on('data', read);
  await new Promise((resolve) => child.once('close', resolve));
  await visited;
  return output;
}

describe("the conformance package's authorization suite finds no fault", () => {
  test('with a client that registered', async () => {
    const port = await findFreePort();
    const client = await registerClient(stack, { redirect_uris: [`http://127.0.0.1:${port}/callback`] });
    const output = await runSuite(client.client_id, port);
    expectSound(output);
  });

  test('with a client that is known by its metadata document', async () => {
    const port = await findFreePort();
    const documents = await serveDocuments((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({
          client_id: `${documents.origin}/client.json`,
          client_name: 'Conformance',
          redirect_uris: [`http://127.0.0.1:${port}/callback`],
        }),
      );
    });
    try {
      expectSound(await runSuite(`${documents.origin}/client.json`, port));
    } finally {
      await documents.stop();
    }
  });
});

function expectSound(output: string): void {
  const [, passed, failed] = /(\d+) passed, (\d+) failed/.exec(output) ?? [];
  expect(Number(passed), output).toBeGreaterThan(0);
  expect(failed, output).toBe('0');
  // A suite that found nothing to do is no proof: both of its scenarios ran.
  for (const scenario of ['authorization-server-metadata-endpoint', 'authorization-code-grant'])
    expect(output).toContain(scenario);
  expect(output).not.toMatch(/skipped/i);
}

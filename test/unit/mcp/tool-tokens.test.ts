import { fileURLToPath } from 'node:url';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { expect, test } from 'vitest';

interface WireTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: object;
  readonly outputSchema: object;
}

const OFFER = fileURLToPath(new URL('../../../worker/mcp/product-offer.ts', import.meta.url));
const MEAN_MAX = 260;
const TOTAL_MAX = 12_000;

const tokens = (value: unknown) => encode(JSON.stringify(value)).length;

test(`a tool costs fewer than ${MEAN_MAX} tokens in the mean, all of them fewer than ${TOTAL_MAX}`, async () => {
  const { PRODUCT } = (await import(/* @vite-ignore */ OFFER)) as {
    PRODUCT: { listTools: () => readonly WireTool[] };
  };
  const tools = PRODUCT.listTools();
  const counted = tools.map((tool) => ({
    tool: tool.name,
    tokens: tokens(tool),
    description: tokens(tool.description),
    input: tokens(tool.inputSchema),
    output: tokens(tool.outputSchema),
  }));
  const total = tokens({ tools });
  const mean = total / tools.length;
  console.log(
    `tools/list by o200k_base: ${total} tokens for ${tools.length} tools, ${mean.toFixed(0)} in the mean`,
  );
  console.table(counted);
  expect(mean).toBeLessThan(MEAN_MAX);
  expect(total).toBeLessThan(TOTAL_MAX);
});

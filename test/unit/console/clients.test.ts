import { describe, expect, test } from 'vitest';
import { CLIENTS } from '../../../worker/console/clients.ts';

const mcpUrl = 'https://causeway.example/mcp';

describe.each(Object.entries(CLIENTS))('what %s is told', (_name, client) => {
  test('holds the address and the token, where there is one', () => {
    const text = client.text({ mcpUrl, apiToken: 'btk_secret' });
    expect(text).toContain(mcpUrl);
    expect(text).toContain('btk_secret');
  });

  test('holds the address alone where its person signs in', () => {
    const text = client.text({ mcpUrl, apiToken: null });
    expect(text).toContain(mcpUrl);
    expect(text).not.toMatch(/authorization|bearer|token|undefined|null/i);
  });
});

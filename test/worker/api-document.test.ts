import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, test } from 'vitest';
import { openApiDocument } from '../../worker/api/openapi.ts';
import type { ApiRoute } from '../../worker/api/route.ts';
import { API_ROUTES } from '../../worker/api/routes/index.ts';
import { apiSession } from '../support/api.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { settleAccount } from '../support/visitor.ts';

const stack = sharedStack();

type Operation = {
  readonly operationId: string;
  readonly responses: Record<string, unknown>;
  readonly parameters: readonly { readonly name: string; readonly required: boolean }[];
};

describe('the OpenAPI document', () => {
  test('is valid OpenAPI 3.1, and is what /api/v1/openapi.json gives', async () => {
    const document = openApiDocument(stack.publicUrl);
    const validator = new Validator();
    const { valid, errors } = await validator.validate(structuredClone(document));
    expect(errors ?? [], JSON.stringify(errors)).toEqual([]);
    expect([valid, validator.version]).toEqual([true, '3.1']);
    const client = await apiSession(stack, await settleAccount(stack, { name: 'Ann' }));
    expect(await client.get('getDocument')).toEqual(JSON.parse(JSON.stringify(document)));
  });

  test('has each route once, with its refusals, and the header that a change needs', () => {
    const { paths } = openApiDocument(stack.publicUrl) as unknown as {
      paths: Record<string, Record<string, Operation>>;
    };
    const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
    expect(operations.map(({ operationId }) => operationId).sort()).toEqual(Object.keys(API_ROUTES).sort());
    for (const { operationId, responses, parameters } of operations) {
      const route: ApiRoute = API_ROUTES[operationId as keyof typeof API_ROUTES];
      expect(Object.keys(responses)).toEqual(expect.arrayContaining([String(route.status), '400', '403']));
      expect(Object.hasOwn(responses, '401'), operationId).toBe(
        route.access !== 'public' || operationId === 'signIn',
      );
      const isMarked = parameters.some(({ name, required }) => name === 'x-causeway-request' && required);
      expect(isMarked, operationId).toBe(route.method !== 'GET');
    }
  });
});

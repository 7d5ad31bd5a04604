import { protocolRefusal } from './protocol-refusal.ts';
import { accepted, asRecord, type RequestKind } from './request-kind.ts';

/** `resources/list`: what is always there on the first page, then what there is in the tenant, as far as the principal may see it. */
export const resourceLists: RequestKind = {
  audited: { action: 'resource.list', kind: 'resource' },
  inputOf: (params) => ({ cursor: asRecord(params).cursor ?? null }),
  judge(params, offer) {
    const { cursor } = asRecord(params);
    const after = typeof cursor === 'string' ? cursor : null;
    return accepted({
      target: null,
      // A client lists when it connects, whatever its scopes are: they narrow the list, and do not refuse it.
      needs: { scopes: [], role: null },
      async run(context) {
        const { resources, nextCursor } = await offer.offered.browse(after, context);
        const fixed = after === null ? offer.listSingleResources(context.platform.publicUrl) : [];
        return {
          resources: [...fixed, ...resources],
          ...(nextCursor === null ? {} : { nextCursor }),
        };
      },
    });
  },
  refuse(refusal, requestId) {
    throw protocolRefusal(refusal, requestId);
  },
};

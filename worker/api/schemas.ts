import { z } from 'zod';
import { type IdKind, idPattern } from '../../protocol/ids.ts';
import { limit } from '../../protocol/limits.ts';
import { TENANT_ROLES } from '../tenants/roles.ts';

/** Pieces that several routes share, so that one thing has one name, bound and description everywhere. */
export const idText = (kind: IdKind) =>
  z.string().regex(new RegExp(idPattern(kind)), `expected an id of a ${kind}`);

export const moment = z.iso.datetime({ offset: true }).describe('RFC 3339');
export const role = z.enum(TENANT_ROLES);
export const scopes = z.array(z.string());
export const address = z.string().nullable().describe('As the edge saw it');
export const userAgent = z.string().nullable();

export const inTenant = z.object({ tenant: idText('tenant') });

const PAGE_DEFAULT = 50;
const PAGE_MAX = 100;

/** The query of a list. Text, as everything in an address is. */
export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(PAGE_DEFAULT),
  cursor: z.string().max(limit('cursor_chars')).optional().describe('`cursor` of the page before'),
});

/** What a list says of itself that is too long to be counted each time. */
export const uncountedPage = {
  truncated: z.boolean(),
  cursor: z.string().nullable().describe('Pass on for the next page; null on the last'),
};

/** What a list says of itself. */
export const page = { total: z.number().int().describe('Of all pages together'), ...uncountedPage };

/** Somebody of the tenant, as other things name them. */
export const person = z.object({ user: idText('user'), name: z.string() });

import { z } from 'zod';
import { parsePasswordCosts } from '../../worker/people/password-costs.ts';

// Kinds of values that settings have.

export const key = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'expected 32 bytes as base64url (43 characters)');
/** Long enough that nobody guesses it, however fast they hash: `openssl rand -base64 32` is. */
export const passphrase = z.string().min(20, 'expected at least 20 characters').max(1000);
export const passwordCosts = z
  .string()
  .refine(
    (text) => parsePasswordCosts(text) !== null,
    'expected costs like m=19456,t=2,p=1, within their bounds',
  );
/** Settings are text wherever the Worker runs. */
export const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d+$/, 'expected a whole number')
    .refine((text) => Number(text) >= least && Number(text) <= most, `expected ${least} to ${most}`);
export const httpUrl = z.url({ protocol: /^https?$/ });
export const postgresUrl = z.url({ protocol: /^postgres(ql)?$/ });

/** The header that says where the next part of an export begins; absent behind the last. */
export const NEXT_PART = 'x-next-part';

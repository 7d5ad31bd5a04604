const MEDIA_TYPE = /^[a-z]+\/[a-z0-9.+-]+$/;

/** A file that a program wrote, as an attachment that no browser renders: whatever is in it runs nowhere. */
export function attachment(body: ReadableStream | string, name: string, type: string): Response {
  return new Response(body, {
    headers: {
      'content-type': MEDIA_TYPE.test(type) ? type : 'application/octet-stream',
      'content-disposition': `attachment; filename*=UTF-8''${encodeRfc8187(name)}`,
      'content-security-policy': "sandbox; default-src 'none'",
      'cache-control': 'private, no-store',
    },
  });
}

/** A file name as RFC 8187, section 3.2 spells it; folders become part of the name. */
function encodeRfc8187(name: string): string {
  return encodeURIComponent(name.replaceAll('/', '_')).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

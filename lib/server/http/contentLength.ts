import type { ServerResponse } from 'node:http';

/** Next.js drops Content-Length from what routes answer; under this name the length reaches the product's own server. */
const LENGTH_HEADER = 'x-fieldmark-length';

/** Notes the length of an answer that states it (downloads, images), so that `restoreContentLength` can put it back. */
export function keepContentLength(headers: Headers): void {
  const length = headers.get('content-length');
  if (length !== null) headers.set(LENGTH_HEADER, length);
}

/** Puts the noted length back when the headers leave, unless the body was compressed on the way. Call it before anything is written. */
export function restoreContentLength(response: ServerResponse): void {
  const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse;
  response.writeHead = (...args: unknown[]) => {
    const length = response.getHeader(LENGTH_HEADER);
    if (length !== undefined) {
      response.removeHeader(LENGTH_HEADER);
      if (!response.hasHeader('content-encoding')) response.setHeader('content-length', String(length));
    }
    return writeHead(...args);
  };
}

import { AppError, problem, type ErrorCode } from '@/lib/api/errors';

/**
 * Sends bytes with progress, which `fetch` does not tell.
 * @param onProgress is called with the bytes sent so far
 * @returns the text of the answer
 * @throws AppError as the typed client does; an `AbortError` when `signal` is aborted
 */
export function sendBytes(method: 'PUT' | 'POST', address: string, body: Blob, onProgress: (bytes: number) => void, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    const over = (finish: () => void) => () => {
      signal.removeEventListener('abort', abort);
      finish();
    };
    request.open(method, address);
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.upload.onprogress = (e) => onProgress(e.loaded);
    request.onload = over(() => {
      if (request.status < 300) return resolve(request.responseText);
      let parsed;
      try {
        parsed = problem.safeParse(JSON.parse(request.responseText));
      } catch {
        // Not from the product: a proxy answered.
      }
      reject(parsed?.success ? new AppError(parsed.data.code as ErrorCode, parsed.data.detail) : new AppError(request.status >= 500 ? 'unavailable' : 'internal', `The server answered ${request.status}.`));
    });
    request.onerror = over(() => reject(new AppError('unavailable', 'The connection was lost.')));
    request.onabort = over(() => reject(new DOMException('Stopped', 'AbortError')));
    if (signal.aborted) return reject(new DOMException('Stopped', 'AbortError'));
    signal.addEventListener('abort', abort);
    request.send(body);
  });
}

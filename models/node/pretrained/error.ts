/** The model cannot be read; the message is for the person who named it. */
export class ModelSourceError extends Error {
  override readonly name = 'ModelSourceError';
}

const MIN_LENGTH = 10;

/** What is wrong with a password that somebody chooses, or null. The server refuses the same. */
export const passwordFault = (password: string): string | null => (password.length < MIN_LENGTH ? `At least ${MIN_LENGTH} characters; there are ${password.length}` : null);

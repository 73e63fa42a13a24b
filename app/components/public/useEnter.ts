'use client';
import { useQueryClient } from '@tanstack/react-query';
import { signIn } from '../../lib/auth';

/** Signs in with what was just set, and opens the projects; when that fails, the sign-in page is the way on. */
export function useEnter(): (email: string, password: string) => Promise<void> {
  const client = useQueryClient();
  return async (email, password) => {
    const entered = await signIn(email, password).then(() => true, () => false);
    client.clear();
    window.location.assign(entered ? '/projects' : '/sign-in');
  };
}

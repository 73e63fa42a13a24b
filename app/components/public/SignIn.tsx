'use client';
import { useEffect, useState } from 'react';
import { useRouter } from 'next/navigation';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, Button, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMounted } from '@mantine/hooks';
import { describeError } from '../../lib/api';
import { signIn } from '../../lib/auth';
import { q } from '../../lib/queries';
import { useAction } from '../../lib/useAction';

/** Only paths of this site: an address elsewhere in `next` would lead a person away. */
function safeNext(): string {
  const next = new URLSearchParams(window.location.search).get('next') ?? '';
  return /^\/(?![/\\])/.test(next) ? next : '/projects';
}

export function SignIn() {
  const router = useRouter();
  const client = useQueryClient();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  // Before the page runs, the browser itself would send the form: never into the address, and better not at all.
  const mounted = useMounted();
  const setup = useQuery(q.setupState());
  const me = useQuery({ ...q.me(), retry: false });
  useEffect(() => {
    if (setup.data?.needsOwner) router.replace('/setup');
    else if (me.data) router.replace(safeNext());
  }, [setup.data, me.data, router]);
  const enter = useAction({
    run: () => signIn(email, password), failed: null,
    onDone: () => void client.resetQueries({ queryKey: ['me'] }),
  });
  return (
    <form method="post" onSubmit={(e) => { e.preventDefault(); enter.mutate(); }}>
      <Stack gap="sm">
        <Title order={1}>Sign in</Title>
        <TextInput size="sm" label="Email" type="email" name="email" autoComplete="username" required value={email} onChange={(e) => setEmail(e.currentTarget.value)} autoFocus />
        <PasswordInput size="sm" label="Password" name="password" autoComplete="current-password" required value={password} onChange={(e) => setPassword(e.currentTarget.value)} />
        {enter.error && <Alert color="red" role="alert">{describeError(enter.error)}</Alert>}
        <Button type="submit" size="sm" variant="filled" disabled={!mounted} loading={enter.isPending || (enter.isSuccess && !me.isError)}>Sign in</Button>
        <Text size="xs" c="dimmed">No account? An owner can send you an invitation link. Forgotten the password? An owner makes a link for a new one, or runs <Text span className="fm-mono">npx fieldmark user reset-password</Text> where Fieldmark runs.</Text>
      </Stack>
    </form>
  );
}

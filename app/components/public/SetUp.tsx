'use client';
import Link from 'next/link';
import { useSyncExternalStore } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Alert, Anchor, Button, Code, Skeleton, Stack, Text, Title } from '@mantine/core';
import { api } from '../../lib/api';
import { q } from '../../lib/queries';
import { useAction } from '../../lib/useAction';
import { ErrorState } from '../common/States';
import { PersonForm, type PersonValues } from './PersonForm';
import { useEnter } from './useEnter';

const nothing = () => () => undefined;
/** The token of the address; null until the page runs in the browser. */
export function useLinkToken(): string | null {
  return useSyncExternalStore(nothing, () => new URLSearchParams(window.location.search).get('token') ?? '', () => null);
}

export function SetUp() {
  const token = useLinkToken();
  const enter = useEnter();
  const usable = token && token.length >= 20 ? token : undefined;
  const state = useQuery({ ...q.setupState(usable), enabled: token !== null });
  const create = useAction<PersonValues>({
    run: ({ name, email, password, workspace }) => api.setup({ body: { token: usable!, name, email, password, workspace } }), failed: null,
    onDone: (_, values) => void enter(values.email, values.password),
  });
  if (state.error) return <ErrorState error={state.error} what="The state of the installation" onRetry={() => void state.refetch()} />;
  if (!state.data) return <Stack><Skeleton h={28} w="60%" /><Skeleton h={180} /></Stack>;
  if (!state.data.needsOwner && !create.isSuccess) {
    return (
      <Stack gap="sm">
        <Title order={1}>Already set up</Title>
        <Text size="sm">This Fieldmark has an owner. Sign in; if you have no account, ask the owner for an invitation link.</Text>
        <Button component={Link} href="/sign-in" size="sm" variant="filled">Sign in</Button>
      </Stack>
    );
  }
  if (!state.data.tokenValid && !create.isSuccess) {
    return (
      <Stack gap="sm">
        <Title order={1}>Open the set-up link</Title>
        {token && <Alert color="yellow">The token of this address is not the one that is valid now. A new start of Fieldmark prints a new link, and the older ones stop working.</Alert>}
        <Text size="sm">Fieldmark has no owner yet. The link that lets you become the owner stands in the terminal where it was started, and looks like this:</Text>
        <Code block>{`${window.location.origin}/setup?token=…`}</Code>
        <Text size="sm">Terminal closed? Stop Fieldmark, run <Text span className="fm-mono">npm start</Text> again, and open the link that it prints.</Text>
        <Button onClick={() => void state.refetch()} loading={state.isFetching}>Check again</Button>
      </Stack>
    );
  }
  return (
    <Stack gap="sm">
      <Title order={1}>Create the owner account</Title>
      <Text size="sm" c="dimmed">The owner invites people, sees all projects, and alone erases things for good.</Text>
      <PersonForm ask={['name', 'email', 'password', 'workspace']} submit="Create account and sign in" busy={create.isPending || create.isSuccess} error={create.error} onSubmit={(v) => create.mutate(v)} />
      <Text size="xs" c="dimmed">Have an account? <Anchor component={Link} href="/sign-in" size="xs">Sign in</Anchor></Text>
    </Stack>
  );
}

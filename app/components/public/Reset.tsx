'use client';
import { useQuery } from '@tanstack/react-query';
import { Skeleton, Stack, Text, Title } from '@mantine/core';
import { api } from '../../lib/api';
import { q } from '../../lib/queries';
import { useAction } from '../../lib/useAction';
import { DeadLink } from './Join';
import { PersonForm, type PersonValues } from './PersonForm';
import { useLinkToken } from './SetUp';
import { useEnter } from './useEnter';

export function Reset() {
  const token = useLinkToken();
  const enter = useEnter();
  const link = useQuery({ ...q.invitationLookup(token ?? ''), enabled: !!token && token.length >= 20 });
  const reset = useAction<PersonValues, { email: string }>({
    run: ({ password }) => api.resetPassword({ body: { token: token!, password } }), failed: null,
    onDone: ({ email }, { password }) => void enter(email, password),
  });
  if (token === null || (token.length >= 20 && link.isPending)) return <Stack><Skeleton h={28} w="60%" /><Skeleton h={120} /></Stack>;
  if (!link.data || link.data.kind !== 'reset') return <DeadLink error={link.error} what="Links for a new password work once and for a limited time. An owner can make a new one on the members page." />;
  return (
    <Stack gap="sm">
      <Title order={1}>Set a new password</Title>
      {link.data.email && <Text size="sm" c="dimmed">For {link.data.email}. Other sessions of this account end.</Text>}
      <PersonForm ask={['password']} submit="Set password and sign in" busy={reset.isPending || reset.isSuccess} error={reset.error} onSubmit={(v) => reset.mutate(v)} />
    </Stack>
  );
}

'use client';
import Link from 'next/link';
import { useQuery } from '@tanstack/react-query';
import { Button, Skeleton, Stack, Text, Title } from '@mantine/core';
import { api, describeError, isCode } from '../../lib/api';
import { q } from '../../lib/queries';
import { useAction } from '../../lib/useAction';
import { roleTexts } from '../workspace/roles';
import { PersonForm, type PersonValues } from './PersonForm';
import { useLinkToken } from './SetUp';
import { useEnter } from './useEnter';

/** A link that does not work: why, and where a new one comes from. */
export function DeadLink({ error, what }: { error?: unknown; what: string }) {
  const offline = isCode(error, 'unavailable');
  return (
    <Stack gap="sm">
      <Title order={1}>{offline ? 'The server cannot be reached' : 'This link does not work'}</Title>
      <Text size="sm">{error ? describeError(error) : 'The address has no token. Open the link whole, as it was given to you.'}</Text>
      {!offline && <Text size="sm">{what}</Text>}
      <Button component={Link} href="/sign-in" size="sm">Go to the sign-in page</Button>
    </Stack>
  );
}

export function Join() {
  const token = useLinkToken();
  const enter = useEnter();
  const link = useQuery({ ...q.invitationLookup(token ?? ''), enabled: !!token && token.length >= 20 });
  const join = useAction<PersonValues>({
    run: ({ name, email, password }) => api.acceptInvitation({ body: { token: token!, name, email, password } }), failed: null,
    onDone: (_, v) => void enter(v.email, v.password),
  });
  const again = 'Invitations work once and for a limited time. Ask the person who sent it for a new one.';
  if (token === null || (token.length >= 20 && link.isPending)) return <Stack><Skeleton h={28} w="60%" /><Skeleton h={180} /></Stack>;
  if (!link.data || link.data.kind !== 'invite') return <DeadLink error={link.error} what={again} />;
  const { workspace, role, email } = link.data;
  return (
    <Stack gap="sm">
      <Title order={1}>Join {workspace}</Title>
      <Text size="sm" c="dimmed">You join as <b>{role}</b>. {role && roleTexts[role]}</Text>
      <PersonForm ask={['name', 'email', 'password']} initial={{ email: email ?? '' }} fixedEmail={!!email} submit="Join and sign in" busy={join.isPending || join.isSuccess} error={join.error} onSubmit={(v) => join.mutate(v)} />
    </Stack>
  );
}

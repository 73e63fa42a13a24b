'use client';
import { createContext, useContext, useEffect, type ReactNode } from 'react';
import { usePathname, useRouter } from 'next/navigation';
import { useQuery } from '@tanstack/react-query';
import { Center, Loader, Stack, Text } from '@mantine/core';
import type { Permission } from '@/lib/api/permissions';
import { isCode } from '../../lib/api';
import { useEventStream } from '../../lib/events';
import { q, type Me } from '../../lib/queries';
import { ErrorState } from './States';

const Session = createContext<Me | null>(null);

/** Who is signed in. Only below `RequireSession`. */
export function useMe(): Me {
  const me = useContext(Session);
  if (!me) throw new Error('useMe needs RequireSession above it');
  return me;
}

const reasons: Partial<Record<Permission, string>> = {
  'workspace.manage': 'Only the owner may do this.',
  'project.manage': 'Owners and managers may do this.',
  'data.import': 'Owners and managers may import.',
  'data.export': 'Owners and managers may export.',
  train: 'Owners and managers may do this.',
  label: 'Viewers cannot change labels.',
  review: 'Reviewers, managers and owners may do this.',
};
/** Whether I may, and if not, why not: said in the tooltip of what is disabled. */
export function useMay(permission: Permission): { allowed: boolean; reason: string } {
  const me = useMe();
  return { allowed: me.permissions.includes(permission), reason: `${reasons[permission] ?? 'Your role does not allow this.'} You are ${me.role}.` };
}

/** Lets signed-in people through; others go to sign in, or to set up when there is no owner yet. Holds the event stream. */
export function RequireSession({ children }: { children: ReactNode }) {
  const router = useRouter();
  const pathname = usePathname();
  const me = useQuery(q.me());
  const out = isCode(me.error, 'unauthenticated');
  const setup = useQuery({ ...q.setupState(), enabled: out });
  const needsOwner = setup.data?.needsOwner;
  const settled = setup.data !== undefined || setup.isError;
  useEffect(() => {
    if (!out || !settled) return;
    const here = pathname + window.location.search;
    router.replace(needsOwner ? '/setup' : `/sign-in${here && here !== '/' && here !== '/projects' ? `?next=${encodeURIComponent(here)}` : ''}`);
  }, [out, settled, needsOwner, pathname, router]);

  if (out || me.isPending) return <FullLoader text={out ? 'Signing in…' : 'Loading Fieldmark…'} />;
  if (!me.data) return <Center mih="100vh" p="md"><ErrorState error={me.error} what="Your account" onRetry={() => void me.refetch()} /></Center>;
  return (
    <Session.Provider value={me.data}>
      <EventStream />
      {me.data.permissions.includes('label') && <JournalSender userId={me.data.user.id} />}
      {children}
    </Session.Provider>
  );
}

function EventStream() {
  useEventStream();
  return null;
}

function FullLoader({ text }: { text: string }) {
  return (
    <Center mih="100vh">
      <Stack align="center" gap="xs" aria-busy="true"><Loader size="sm" /><Text size="sm" c="dimmed">{text}</Text></Stack>
    </Center>
  );
}

/** What was drawn and not yet sent goes out from whatever page is open, not only from the labelling page. */
function JournalSender({ userId }: { userId: string }) {
  useEffect(() => {
    void import('../editor/runtime').then(({ outboxOf }) => outboxOf(userId));
  }, [userId]);
  return null;
}

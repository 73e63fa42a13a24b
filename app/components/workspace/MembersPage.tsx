'use client';
import { useState } from 'react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Badge, Button, Group, Menu, ActionIcon, Modal, Select, Stack, Table, Text, TextInput } from '@mantine/core';
import { modals } from '@mantine/modals';
import { useDisclosure } from '@mantine/hooks';
import { IconDots, IconKey, IconUserMinus, IconUserPlus } from '@tabler/icons-react';
import { roles, type Role } from '@/lib/api/permissions';
import { api } from '../../lib/api';
import { formatAbsolute } from '../../lib/format';
import { q, rowsOf, type Invitation, type Member } from '../../lib/queries';
import { useAction } from '../../lib/useAction';
import { ActionButton } from '../common/ActionButton';
import { CopyText } from '../common/CopyText';
import { LoadMore } from '../common/LoadMore';
import { NumberField } from '../common/NumberField';
import { PageHeader, Section } from '../common/PageHeader';
import { RelativeTime } from '../common/RelativeTime';
import { useMay, useMe } from '../common/session';
import { Loaded } from '../common/States';
import { roleTexts } from './roles';

const stale = () => [['member', 'list'], ['invitation', 'list']];

export function MembersPage() {
  const me = useMe();
  const may = useMay('workspace.manage');
  const list = useInfiniteQuery(q.members());
  const [inviting, { open, close }] = useDisclosure(false);
  const [reset, setReset] = useState<{ name: string; url: string; expiresAt: string } | null>(null);
  return (
    <>
      <PageHeader title="Members" actions={<ActionButton permission="workspace.manage" variant="filled" leftSection={<IconUserPlus size={15} aria-hidden />} onClick={open}>Invite someone</ActionButton>}>
        People of {me.workspace.name}. Nobody can register by themselves: everyone comes in by a link that an owner makes.
      </PageHeader>
      <Section title="People">
        <Loaded query={list} what="The members">
          {() => (
            <>
              <Table>
                <Table.Thead><Table.Tr><Table.Th>Name</Table.Th><Table.Th>Email</Table.Th><Table.Th w={300}>Role</Table.Th><Table.Th>Joined</Table.Th><Table.Th>Last seen</Table.Th><Table.Th w={40} /></Table.Tr></Table.Thead>
                <Table.Tbody>{rowsOf(list.data).map((m) => <MemberRow key={m.id} member={m} self={m.userId === me.user.id} editable={may.allowed} onReset={setReset} />)}</Table.Tbody>
              </Table>
              <LoadMore query={list} />
            </>
          )}
        </Loaded>
      </Section>
      {may.allowed && <Invitations />}
      <Modal opened={inviting} onClose={close} title="Invite someone"><InviteForm onClose={close} /></Modal>
      <Modal opened={!!reset} onClose={() => setReset(null)} title={`A new password for ${reset?.name ?? ''}`}>
        {reset && <Stack gap="sm"><CopyText label="One-time link" value={reset.url} description={`Works once, until ${formatAbsolute(reset.expiresAt)}`} /><Text size="sm">Give it to {reset.name} yourself: Fieldmark sends no mail. Whoever has the link can set the password. It is not shown again.</Text><Group justify="flex-end"><Button onClick={() => setReset(null)}>Done</Button></Group></Stack>}
      </Modal>
    </>
  );
}

function MemberRow({ member: m, self, editable, onReset }: { member: Member; self: boolean; editable: boolean; onReset: (r: { name: string; url: string; expiresAt: string }) => void }) {
  const change = useAction<Role>({ run: (role) => api.updateMember({ params: { id: m.id }, body: { role } }), failed: 'The role was not changed', done: (_, role) => `${m.name} is now ${role}.`, invalidates: () => [...stale(), ['me']] });
  const remove = useAction({ run: () => api.removeMember({ params: { id: m.id } }), failed: `${m.name} was not removed`, done: `${m.name} can no longer sign in here; their work stays.`, invalidates: stale });
  const reset = useAction<void, { url: string; expiresAt: string }>({ run: () => api.resetLink({ params: { id: m.id } }), failed: 'The link was not made', onDone: (r) => onReset({ name: m.name, ...r }) });
  return (
    <Table.Tr>
      <Table.Td>{m.name}{self && <Badge ml={6} size="sm" color="gray">you</Badge>}</Table.Td>
      <Table.Td>{m.email}</Table.Td>
      <Table.Td>{editable ? <Select aria-label={`Role of ${m.name}`} w={130} value={m.role} disabled={change.isPending} onChange={(r) => r && r !== m.role && change.mutate(r as Role)} data={[...roles]} renderOption={({ option }) => <div><Text size="xs" fw={600}>{option.value}</Text><Text size="xs" c="dimmed">{roleTexts[option.value as Role]}</Text></div>} comboboxProps={{ width: 280, position: 'bottom-start' }} /> : <><b>{m.role}</b>: {roleTexts[m.role]}</>}</Table.Td>
      <Table.Td><RelativeTime at={m.joinedAt} /></Table.Td>
      <Table.Td>{m.lastSeenAt ? <RelativeTime at={m.lastSeenAt} /> : '–'}</Table.Td>
      <Table.Td>
        {editable && (
          <Menu position="bottom-end">
            <Menu.Target><ActionIcon aria-label={`More about ${m.name}`}><IconDots size={16} aria-hidden /></ActionIcon></Menu.Target>
            <Menu.Dropdown>
              <Menu.Item leftSection={<IconKey size={15} aria-hidden />} onClick={() => reset.mutate()}>Link for a new password</Menu.Item>
              <Menu.Item leftSection={<IconUserMinus size={15} aria-hidden />} color="red" disabled={self} onClick={() => modals.openConfirmModal({ title: `Remove ${m.name}?`, children: <Text size="sm">{m.name} is signed out and can no longer come in. What they labelled stays, under their name.</Text>, labels: { confirm: 'Remove', cancel: 'Cancel' }, confirmProps: { color: 'red', variant: 'filled' }, onConfirm: () => remove.mutate() })}>Remove</Menu.Item>
            </Menu.Dropdown>
          </Menu>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

function Invitations() {
  const list = useInfiniteQuery(q.invitations());
  const rows = rowsOf(list.data);
  const revoke = useAction<Invitation>({ run: (i) => api.revokeInvitation({ params: { id: i.id } }), failed: 'The invitation was not withdrawn', done: 'Withdrawn', invalidates: stale });
  return (
    <Section title="Invitations" hint="A link is shown once, when it is made. Withdraw one that went to the wrong hands.">
      <Loaded query={list} what="The invitations">
        {() => rows.length === 0 ? <Text size="sm" c="dimmed">None.</Text> : (
          <>
            <Table>
              <Table.Thead><Table.Tr><Table.Th>State</Table.Th><Table.Th>Role</Table.Th><Table.Th>For</Table.Th><Table.Th>Made</Table.Th><Table.Th>Ends</Table.Th><Table.Th /></Table.Tr></Table.Thead>
              <Table.Tbody>
                {rows.map((i) => {
                  const over = Date.parse(i.expiresAt) < Date.parse(new Date().toISOString());
                  const state = i.usedAt ? 'used' : over ? 'expired' : 'open';
                  return (
                    <Table.Tr key={i.id}>
                      <Table.Td><Badge size="sm" color={state === 'open' ? 'blue' : 'gray'}>{state}</Badge></Table.Td>
                      <Table.Td>{i.role}</Table.Td>
                      <Table.Td>{i.email ?? 'anyone with the link'}</Table.Td>
                      <Table.Td><RelativeTime at={i.createdAt} /></Table.Td>
                      <Table.Td>{i.usedAt ? <>used <RelativeTime at={i.usedAt} /></> : <RelativeTime at={i.expiresAt} />}</Table.Td>
                      <Table.Td ta="right">{state === 'open' && <Button size="compact-xs" variant="subtle" color="red" loading={revoke.isPending && revoke.variables?.id === i.id} onClick={() => revoke.mutate(i)}>Withdraw</Button>}</Table.Td>
                    </Table.Tr>
                  );
                })}
              </Table.Tbody>
            </Table>
            <LoadMore query={list} />
          </>
        )}
      </Loaded>
    </Section>
  );
}

function InviteForm({ onClose }: { onClose: () => void }) {
  const [role, setRole] = useState<Exclude<Role, 'owner'>>('labeler');
  const [email, setEmail] = useState('');
  const [days, setDays] = useState(7);
  const invite = useAction<{ role: Exclude<Role, 'owner'>; email?: string; days: number }, { url: string; expiresAt: string }>({
    run: (body, idempotencyKey) => api.invite({ body }, { idempotencyKey }), failed: 'The link was not made', invalidates: stale,
  });
  if (invite.data) {
    return (
      <Stack gap="sm">
        <CopyText label="Invitation link" value={invite.data.url} description={`Lets one person join as ${role}, until ${formatAbsolute(invite.data.expiresAt)}`} />
        <Text size="sm">Send it yourself: Fieldmark sends no mail. It is not shown again.</Text>
        <Group justify="flex-end" gap="xs"><Button onClick={() => invite.reset()}>Another one</Button><Button variant="filled" onClick={onClose}>Done</Button></Group>
      </Stack>
    );
  }
  return (
    <form onSubmit={(e) => { e.preventDefault(); invite.mutate({ role, email: email.trim() || undefined, days }); }}>
      <Stack gap="sm">
        <Select label="Role" value={role} onChange={(r) => r && setRole(r as typeof role)} data={roles.filter((r) => r !== 'owner')} description={roleTexts[role]} inputWrapperOrder={['label', 'input', 'description']} data-autofocus />
        <TextInput label="Email" description="Optional: then only this address can join" type="email" value={email} onChange={(e) => setEmail(e.currentTarget.value)} />
        <NumberField label="Days it works" min={1} max={90} value={days} allowDecimal={false} onChange={setDays} />
        <Group justify="flex-end" gap="xs"><Button onClick={onClose}>Cancel</Button><Button type="submit" variant="filled" loading={invite.isPending}>Make the link</Button></Group>
      </Stack>
    </form>
  );
}

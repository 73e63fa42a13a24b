'use client';
import { useState } from 'react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Alert, Badge, Button, Checkbox, Group, Modal, Select, SimpleGrid, Stack, Table, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconKey } from '@tabler/icons-react';
import type { Permission, TokenScope } from '@/lib/api/permissions';
import { api } from '../../lib/api';
import { q, rowsOf, type Token } from '../../lib/queries';
import { useAction } from '../../lib/useAction';
import { ActionButton } from '../common/ActionButton';
import { CopyText } from '../common/CopyText';
import { LoadMore } from '../common/LoadMore';
import { PageHeader, Section } from '../common/PageHeader';
import { RelativeTime } from '../common/RelativeTime';
import { useMe } from '../common/session';
import { Loaded } from '../common/States';
import { PasswordForm } from './PasswordForm';
import { roleTexts } from './roles';

export function AccountPage() {
  const me = useMe();
  const [name, setName] = useState(me.user.name);
  const save = useAction({ run: () => api.updateMe({ body: { name: name.trim() } }), failed: 'The name was not changed', done: 'Saved', invalidates: () => [['me'], ['member', 'list']] });
  return (
    <>
      <PageHeader title="Account" />
      <Section title="You">
        <form onSubmit={(e) => { e.preventDefault(); if (name.trim() && name.trim() !== me.user.name) save.mutate(); }}>
          <Stack gap="sm" maw={420}>
            <TextInput label="Name" description="Shown beside what you label" required maxLength={100} value={name} onChange={(e) => setName(e.currentTarget.value)} />
            <TextInput label="Email" value={me.user.email} readOnly description="You sign in with it" />
            <Text size="sm">You are <b>{me.role}</b> of {me.workspace.name}. <Text span c="dimmed" size="sm">{roleTexts[me.role]}</Text></Text>
            {!me.secureCookies && <Text size="xs" c="dimmed">This address is plain http: sign-in and labels go unencrypted over the network. That is usual inside one building; for more, set up TLS (FIELDMARK_TLS_CERT, or a proxy).</Text>}
            <Group><ActionButton type="submit" variant="filled" blocked={(name.trim() === me.user.name || !name.trim()) && 'Nothing has changed.'} loading={save.isPending}>Save</ActionButton></Group>
          </Stack>
        </form>
      </Section>
      <Section title="Password" hint={<>Forgotten it? An owner makes a link for a new one on the members page, or runs <span className="fm-mono">npx fieldmark user reset-password</span> where Fieldmark runs.</>}><PasswordForm email={me.user.email} /></Section>
      <Tokens />
    </>
  );
}

function Tokens() {
  const list = useInfiniteQuery(q.tokens());
  const rows = rowsOf(list.data);
  const [making, { open, close }] = useDisclosure(false);
  const revoke = useAction<Token>({ run: (t) => api.revokeToken({ params: { id: t.id } }), failed: 'The token was not revoked', done: 'Revoked; programs that use it are refused from now on.', invalidates: () => [['token', 'list']] });
  return (
    <Section title="API tokens" hint={<>For programs and the command line, instead of your password: set <span className="fm-mono">FIELDMARK_TOKEN</span>. A token can do no more than you can.</>} actions={<Button leftSection={<IconKey size={15} aria-hidden />} onClick={open}>New token</Button>}>
      <Loaded query={list} what="The tokens">
        {() => rows.length === 0 ? <Text size="sm" c="dimmed">None.</Text> : (
          <>
            <Table>
              <Table.Thead><Table.Tr><Table.Th>Name</Table.Th><Table.Th>May</Table.Th><Table.Th>Made</Table.Th><Table.Th>Last used</Table.Th><Table.Th>Ends</Table.Th><Table.Th /></Table.Tr></Table.Thead>
              <Table.Tbody>
                {rows.map((t) => (
                  <Table.Tr key={t.id}>
                    <Table.Td>{t.name}</Table.Td>
                    <Table.Td><Group gap={4}>{t.scopes.map((s) => <Badge key={s} size="sm" color="gray">{s === '*' ? 'all that I may' : s}</Badge>)}</Group></Table.Td>
                    <Table.Td><RelativeTime at={t.createdAt} /></Table.Td>
                    <Table.Td>{t.lastUsedAt ? <RelativeTime at={t.lastUsedAt} /> : 'never'}</Table.Td>
                    <Table.Td>{t.expiresAt ? <RelativeTime at={t.expiresAt} /> : 'never'}</Table.Td>
                    <Table.Td ta="right"><Button size="compact-xs" variant="subtle" color="red" loading={revoke.isPending && revoke.variables?.id === t.id} onClick={() => revoke.mutate(t)}>Revoke</Button></Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
            <LoadMore query={list} />
          </>
        )}
      </Loaded>
      <Modal opened={making} onClose={close} title="New API token"><TokenForm onClose={close} /></Modal>
    </Section>
  );
}

const scopeTexts: Partial<Record<Permission, string>> = {
  'project.view': 'Look at projects', label: 'Change labels', review: 'Compare authors', 'data.import': 'Import', 'data.export': 'Export and download', train: 'Train and pre-label', 'project.manage': 'Create and change projects', 'workspace.view': 'List projects and people', 'workspace.manage': 'Manage people, erase',
};

function TokenForm({ onClose }: { onClose: () => void }) {
  const me = useMe();
  const [name, setName] = useState('');
  const [all, setAll] = useState(false);
  const [scopes, setScopes] = useState<string[]>(['workspace.view', 'project.view', 'data.export'].filter((s) => me.permissions.includes(s as Permission)));
  const [days, setDays] = useState('90');
  const create = useAction<void, { secret: string }>({
    run: () => api.createToken({ body: { name: name.trim(), scopes: (all ? ['*'] : scopes) as TokenScope[], days: days === 'never' ? null : Number(days) } }), failed: 'The token was not made', invalidates: () => [['token', 'list']],
  });
  if (create.data) {
    return (
      <Stack gap="sm">
        <CopyText label="The token" value={create.data.secret} />
        <Alert color="yellow" p="xs"><Text size="sm">Copy it now: it is not shown again. Whoever has it can do what it may.</Text></Alert>
        <Group justify="flex-end"><Button variant="filled" onClick={onClose}>Done</Button></Group>
      </Stack>
    );
  }
  return (
    <form onSubmit={(e) => { e.preventDefault(); create.mutate(); }}>
      <Stack gap="sm">
        <TextInput label="Name" description="What it is for" required maxLength={100} value={name} onChange={(e) => setName(e.currentTarget.value)} placeholder="Nightly export" data-autofocus />
        <Checkbox label="All that I may" checked={all} onChange={(e) => setAll(e.currentTarget.checked)} />
        {!all && (
          <Checkbox.Group label="It may" value={scopes} onChange={setScopes}>
            <SimpleGrid cols={2} spacing={6} mt={6}>{Object.entries(scopeTexts).filter(([s]) => me.permissions.includes(s as Permission)).map(([s, text]) => <Checkbox key={s} value={s} label={text} />)}</SimpleGrid>
          </Checkbox.Group>
        )}
        <Select label="Works for" value={days} onChange={(v) => v && setDays(v)} data={[{ value: '7', label: '7 days' }, { value: '30', label: '30 days' }, { value: '90', label: '90 days' }, { value: '365', label: 'a year' }, { value: 'never', label: 'until it is revoked' }]} />
        <Group justify="flex-end" gap="xs"><Button onClick={onClose}>Cancel</Button><Button type="submit" variant="filled" disabled={!name.trim() || (!all && scopes.length === 0)} loading={create.isPending}>Make the token</Button></Group>
      </Stack>
    </form>
  );
}

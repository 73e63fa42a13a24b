'use client';
import Link from 'next/link';
import { Avatar, Menu, Text, UnstyledButton } from '@mantine/core';
import { IconLogout } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { signOut } from '../../lib/auth';
import { useAction } from '../../lib/useAction';
import { useMe } from '../common/session';
import { workspacePages } from './navigation';

export function UserMenu() {
  const me = useMe();
  const client = useQueryClient();
  const leave = useAction({
    run: signOut, failed: 'You are still signed in',
    onDone: () => {
      client.clear();
      window.location.assign('/sign-in');
    },
  });
  const initials = me.user.name.split(/\s+/).map((w) => w[0]).slice(0, 2).join('').toUpperCase();
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <UnstyledButton aria-label={`Account of ${me.user.name}`} style={{ borderRadius: 999 }}><Avatar size={28} color="field" radius="xl">{initials}</Avatar></UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text size="sm" fw={600} c="var(--mantine-color-text)" truncate>{me.user.name}</Text>
          <Text size="xs" truncate>{me.user.email}</Text>
          <Text size="xs">{me.role} of {me.workspace.name}</Text>
        </Menu.Label>
        <Menu.Divider />
        {workspacePages.map((p) => <Menu.Item key={p.path} component={Link} href={p.path} leftSection={<p.icon size={16} aria-hidden />}>{p.label}</Menu.Item>)}
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={() => leave.mutate()}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

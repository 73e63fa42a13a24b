'use client';
import Link from 'next/link';
import { Anchor, Center, Stack, Text, Title } from '@mantine/core';

export default function NotFound() {
  return (
    <Center mih="100dvh" p="md" component="main">
      <Stack gap="xs" align="center">
        <Title order={1}>There is no page here</Title>
        <Text size="sm" c="dimmed">The address is mistyped, or what it led to was erased.</Text>
        <Anchor component={Link} href="/projects">Go to the projects</Anchor>
      </Stack>
    </Center>
  );
}

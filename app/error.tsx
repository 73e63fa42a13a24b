'use client';
import { Button, Center, Code, Group, Stack, Text, Title } from '@mantine/core';

/** A fault of the page itself: say so, keep the way back open. Labels are safe, they lie in the browser's journal. */
export default function PageError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <Center mih="60vh" p="md">
      <Stack gap="xs" maw={560}>
        <Title order={1}>This page broke</Title>
        <Text size="sm">Nothing that was saved is lost. Try again; if it happens once more, reload the page and report what is below.</Text>
        <Code block>{error.message}{error.digest ? ` (${error.digest})` : ''}</Code>
        <Group gap="xs"><Button variant="filled" onClick={reset}>Try again</Button><Button onClick={() => window.location.assign('/projects')}>Go to the projects</Button></Group>
      </Stack>
    </Center>
  );
}

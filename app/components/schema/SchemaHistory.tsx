'use client';
import { useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Drawer, Group, Kbd, Select, Stack, Table, Text } from '@mantine/core';
import { formatAbsolute } from '../../lib/format';
import { q } from '../../lib/queries';
import { ClassName } from '../common/badges';
import { Loaded } from '../common/States';
import { kindTexts } from './ClassList';

/** What the classes were in a version. Dataset versions keep the schema they were frozen with. */
export function SchemaHistory({ project, newest, opened, onClose }: { project: string; newest: number; opened: boolean; onClose: () => void }) {
  return <Drawer opened={opened} onClose={onClose} position="right" size="md" title="Versions of the label schema"><Body project={project} newest={newest} /></Drawer>;
}

function Body({ project, newest }: { project: string; newest: number }) {
  const [version, setVersion] = useState(newest);
  const query = useQuery(q.schema(project, version));
  const before = useQuery({ ...q.schema(project, version - 1), enabled: version > 1 });
  const old = new Map(before.data?.schema.classes.map((c) => [c.id, c]));
  return (
    <Stack gap="md">
      <Select label="Version" searchable value={String(version)} onChange={(v) => v && setVersion(Number(v))} data={Array.from({ length: newest }, (_, i) => String(newest - i))} />
      <Loaded query={query} what="This version">
        {(v) => {
          const gone = [...old.values()].filter((c) => !v.schema.classes.some((n) => n.id === c.id));
          return (
            <>
              <Text size="xs" c="dimmed">Saved {formatAbsolute(v.createdAt)}{v.createdBy ? ` by ${v.createdBy}` : ''}.</Text>
              <Table>
                <Table.Thead><Table.Tr><Table.Th>Class</Table.Th><Table.Th>Kind</Table.Th><Table.Th>Key</Table.Th><Table.Th>Index</Table.Th><Table.Th>Against version {version - 1}</Table.Th></Table.Tr></Table.Thead>
                <Table.Tbody>
                  {v.schema.classes.map((c) => {
                    const was = old.get(c.id);
                    const note = version === 1 || !before.data ? '' : !was ? 'added' : was.name !== c.name ? `was “${was.name}”` : JSON.stringify(was) !== JSON.stringify(c) ? 'changed' : '';
                    return (
                      <Table.Tr key={c.id}>
                        <Table.Td><ClassName name={c.name} color={c.color} /></Table.Td>
                        <Table.Td>{kindTexts[c.kind].label}</Table.Td>
                        <Table.Td>{c.hotkey && <Kbd size="xs">{c.hotkey}</Kbd>}</Table.Td>
                        <Table.Td>{c.index}</Table.Td>
                        <Table.Td c="dimmed">{note}</Table.Td>
                      </Table.Tr>
                    );
                  })}
                </Table.Tbody>
              </Table>
              {gone.length > 0 && <Group gap="xs"><Text size="xs" c="dimmed">Taken out:</Text>{gone.map((c) => <ClassName key={c.id} name={c.name} color={c.color} />)}</Group>}
            </>
          );
        }}
      </Loaded>
    </Stack>
  );
}

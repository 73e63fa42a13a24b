'use client';
import { useState } from 'react';
import { useRouter } from 'next/navigation';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Combobox, Group, ScrollArea, Text, UnstyledButton, useCombobox } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconCheck, IconSelector } from '@tabler/icons-react';
import { countOf } from '../../lib/format';
import { q, rowsOf } from '../../lib/queries';
import { mayLeave } from '../../lib/unsaved';

/** The project in view, and a list to go to another. */
export function ProjectSwitcher({ project }: { project: string | null }) {
  const router = useRouter();
  const [search, setSearch] = useState('');
  const [asked] = useDebouncedValue(search, 200);
  const box = useCombobox({
    onDropdownClose: () => { box.resetSelectedOption(); setSearch(''); },
    onDropdownOpen: () => box.focusSearchInput(),
  });
  const current = useQuery({ ...q.project(project ?? ''), enabled: !!project });
  const list = useInfiniteQuery({ ...q.projects({ q: asked }), enabled: box.dropdownOpened });
  const rows = rowsOf(list.data);
  return (
    <Combobox store={box} width={320} position="bottom-start" onOptionSubmit={(id) => { box.closeDropdown(); void mayLeave().then((leave) => leave && router.push(id === 'all' ? '/projects' : `/projects/${id}`)); }}>
      <Combobox.Target targetType="button">
        <UnstyledButton onClick={() => box.toggleDropdown()} px={8} py={4} maw={360} style={{ borderRadius: 4 }} aria-label="Project">
          <Group gap={6} wrap="nowrap">
            <Text size="sm" fw={600} truncate c={project ? undefined : 'dimmed'}>{project ? (current.data?.name ?? '…') : 'Choose a project'}</Text>
            <IconSelector size={15} aria-hidden style={{ flexShrink: 0 }} />
          </Group>
        </UnstyledButton>
      </Combobox.Target>
      <Combobox.Dropdown>
        <Combobox.Search value={search} onChange={(e) => { setSearch(e.currentTarget.value); box.updateSelectedOptionIndex(); }} placeholder="Find a project" aria-label="Find a project" />
        <Combobox.Options>
          <ScrollArea.Autosize mah={320}>
            {rows.map((p) => (
              <Combobox.Option key={p.id} value={p.id} active={p.id === project}>
                <Group gap="xs" wrap="nowrap" justify="space-between">
                  <Text size="sm" truncate>{p.name}</Text>
                  {p.id === project ? <IconCheck size={14} aria-label="in view" /> : <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>{countOf(p.counts.items, 'image')}</Text>}
                </Group>
              </Combobox.Option>
            ))}
            {rows.length === 0 && <Combobox.Empty>{list.isPending ? 'Loading…' : list.isError ? 'The projects could not be loaded' : 'No project of this name'}</Combobox.Empty>}
            <Combobox.Option value="all"><Text size="sm" c="dimmed">All projects</Text></Combobox.Option>
          </ScrollArea.Autosize>
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}

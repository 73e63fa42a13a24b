'use client';
import { Button, Menu, Text, Tooltip } from '@mantine/core';
import { IconCheck, IconEye, IconEyeOff, IconUser, IconUsers } from '@tabler/icons-react';
import { usePathname, useRouter } from 'next/navigation';
import { useAction } from '../../lib/useAction';
import { api } from '../../lib/api';
import { useMay } from '../common/session';
import { useWorkbench } from './context';
import type { ItemDocuments } from './queries';
import { useSignal } from './useSignal';

/** Whose labels are open: the team's, which everyone shares, or my own, which are compared with others'. */
export function AuthorMenu({ documents }: { documents: ItemDocuments }) {
  const { editor, document, item } = useWorkbench();
  const references = useSignal(editor.references);
  const router = useRouter();
  const pathname = usePathname();
  const may = useMay('label');
  const open = (id: string) => {
    const search = new URLSearchParams(window.location.search);
    for (const name of ['compare', 'n', 'kind', 'annotation', 'x0', 'y0', 'x1', 'y1']) search.delete(name);
    if (id === documents.team.id) search.delete('document');
    else search.set('document', id);
    const text = search.toString();
    router.replace(text ? `${pathname}?${text}` : pathname);
  };
  const mine = useAction({
    run: () => api.openMine({ params: { id: item.id } }), failed: 'Your own labels were not opened',
    invalidates: () => [['item', item.id, 'documents']], onDone: (row) => open(row.id),
  });
  const personal = document.author.kind === 'person';
  const toggle = (id: string) => editor.references.update((all) => all.map((r) => (r.documentId === id ? { ...r, visible: !r.visible } : r)));
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <Tooltip label="Whose labels are open">
          <Button variant={personal ? 'light' : 'subtle'} color={personal ? 'orange' : 'gray'} size="compact-xs" leftSection={personal ? <IconUser size={14} aria-hidden /> : <IconUsers size={14} aria-hidden />} style={{ flexShrink: 0 }} aria-label={`Labels of: ${personal ? 'me' : 'the team'}`}>
            {personal ? 'My own labels' : 'Team labels'}
          </Button>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Edit</Menu.Label>
        <Menu.Item leftSection={<IconUsers size={15} aria-hidden />} rightSection={document.id === documents.team.id ? <IconCheck size={14} aria-label="open" /> : null} onClick={() => open(documents.team.id)}>The team’s labels</Menu.Item>
        <Menu.Item disabled={!may.allowed} leftSection={<IconUser size={15} aria-hidden />} rightSection={personal ? <IconCheck size={14} aria-label="open" /> : null} onClick={() => (documents.mine ? open(documents.mine.id) : mine.mutate())}>
          My own labels <Text span size="xs" c="dimmed">apart, to be compared</Text>
        </Menu.Item>
        {references.length > 0 && <Menu.Label>Shown beside</Menu.Label>}
        {references.map((r) => (
          <Menu.Item key={r.documentId} closeMenuOnClick={false} leftSection={r.visible ? <IconEye size={15} aria-hidden /> : <IconEyeOff size={15} aria-hidden />} onClick={() => toggle(r.documentId)}>
            {r.mark ? `${r.mark}: ` : ''}{r.name} <Text span size="xs" c="dimmed">{r.visible ? 'shown' : 'hidden'}</Text>
          </Menu.Item>
        ))}
        <Others documents={documents} />
      </Menu.Dropdown>
    </Menu>
  );
}

/** Other authors of this item, to look at beside. */
function Others({ documents }: { documents: ItemDocuments }) {
  const { editor, document } = useWorkbench();
  const references = useSignal(editor.references);
  const router = useRouter();
  const pathname = usePathname();
  const rest = documents.others.filter((d) => d.id !== document.id && !references.some((r) => r.documentId === d.id) && !(d.author.kind === 'model' && d.current));
  if (rest.length === 0) return null;
  const beside = (id: string) => {
    const search = new URLSearchParams(window.location.search);
    search.set('document', id);
    router.replace(`${pathname}?${search}`);
  };
  return (
    <>
      <Menu.Label>Look at beside</Menu.Label>
      {rest.map((d) => <Menu.Item key={d.id} leftSection={<IconEye size={15} aria-hidden />} onClick={() => beside(d.id)}>{d.author.name} <Text span size="xs" c="dimmed">{d.author.kind}, {d.annotations}</Text></Menu.Item>)}
    </>
  );
}

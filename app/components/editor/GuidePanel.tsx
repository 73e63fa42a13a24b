'use client';
import { Stack, Text, Title } from '@mantine/core';
import { IconBook } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { addressOf } from '@/lib/api/client';
import { q } from '../../lib/queries';
import { ClassName } from '../common/badges';
import { EmptyState, Loaded } from '../common/States';
import { GuideView } from '../guide/GuideView';
import { useWorkbench } from './context';
import classes from './Editor.module.css';
import { useSignal } from './useSignal';

/** The project's guide, with its example pictures. */
export function GuidePanel() {
  const { editor } = useWorkbench();
  const schema = useSignal(editor.schema);
  const query = useQuery(q.guide(editor.project));
  return (
    <div className={classes.scroll}>
      <Loaded query={query} what="The guide">
        {(guide) => guide.markdown.trim() === '' && guide.examples.length === 0 ? (
          <EmptyState icon={<IconBook size={28} />} title="No guide yet">What to label, and how, can be written in the project’s <Link href={`/projects/${editor.project}/guide`}>guide</Link>. It stands here beside every image.</EmptyState>
        ) : (
          <Stack gap="md" p={12}>
            {guide.markdown.trim() !== '' && <GuideView markdown={guide.markdown} />}
            {schema.classes.filter((c) => guide.examples.some((e) => e.classId === c.id) || c.description).map((c) => (
              <section key={c.id}>
                <Title order={3} mb={4}><ClassName color={c.color} name={c.name} size="sm" /></Title>
                {c.description && <Text size="sm" mb={6}>{c.description}</Text>}
                {guide.examples.filter((e) => e.classId === c.id).map((e) => (
                  <figure key={e.asset} style={{ margin: '0 0 8px' }}>
                    <img src={addressOf('asset', { params: { project: editor.project, hash: e.asset, rendition: 'display' } })} alt={e.caption || `An example of ${c.name}`} style={{ maxWidth: '100%', borderRadius: 4 }} loading="lazy" />
                    {e.caption && <Text component="figcaption" size="xs" c="dimmed">{e.caption}</Text>}
                  </figure>
                ))}
              </section>
            ))}
          </Stack>
        )}
      </Loaded>
    </div>
  );
}

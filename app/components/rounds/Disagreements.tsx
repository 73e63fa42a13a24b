'use client';
import { useEffect, useRef, useState } from 'react';
import Link from 'next/link';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Badge, Group, SegmentedControl, Text } from '@mantine/core';
import { IconArrowsShuffle, IconMinus, IconPlus, IconVectorBezier2 } from '@tabler/icons-react';
import { assetUrl } from '../../lib/assets';
import { cropAround } from '../../lib/crop';
import { disagreementHref } from '../../lib/disagreements';
import { formatCount } from '../../lib/format';
import { q, rowsOf, type Disagreement, type QualityReport } from '../../lib/queries';
import { LoadMore } from '../common/LoadMore';
import { Section } from '../common/PageHeader';
import { Loaded, RowsSkeleton } from '../common/States';
import classes from './Disagreements.module.css';

const kinds: Record<Disagreement['kind'], { label: string; color: string; icon: typeof IconPlus }> = {
  missing: { label: 'Missing', color: 'red', icon: IconMinus },
  extra: { label: 'Extra', color: 'orange', icon: IconPlus },
  class: { label: 'Other class', color: 'violet', icon: IconArrowsShuffle },
  place: { label: 'Other place', color: 'blue', icon: IconVectorBezier2 },
};

/** Where the two differ, worst first; each opens in the labelling page at its place. */
export function Disagreements({ report, project }: { report: QualityReport; project: string }) {
  const [kind, setKind] = useState<Disagreement['kind'] | 'all'>('all');
  const list = useInfiniteQuery(q.disagreements(report.id, kind === 'all' ? undefined : kind));
  const schema = useQuery(q.schema(project)).data?.schema;
  const rows = rowsOf(list.data);
  const name = (id: string | null) => (id === null ? null : (schema?.classes.find((c) => c.id === id)?.name ?? 'a class taken out'));
  return (
    <Section
      title={`${formatCount(report.disagreements)} disagreements`} hint="Worst first. “Missing” is only in the reference, “extra” only in what is measured; “other class” and “other place” were matched, but differ."
      actions={<SegmentedControl aria-label="Kind of disagreement" value={kind} onChange={(v) => setKind(v as typeof kind)} data={[{ value: 'all', label: 'All' }, ...Object.entries(kinds).map(([value, k]) => ({ value, label: k.label }))]} />}
    >
      <Loaded query={list} what="The disagreements" skeleton={<RowsSkeleton rows={2} height={190} />}>
        {() => rows.length === 0 ? <Text size="sm" c="dimmed">{kind === 'all' ? 'None: the two agree everywhere.' : 'None of this kind.'}</Text> : (
          <>
            <div className={classes.grid}>{rows.map((d) => <Card key={d.n} d={d} href={disagreementHref(project, report.id, d, kind === 'all' ? null : kind)} project={project} names={[name(d.classA), name(d.classB)]} />)}</div>
            <LoadMore query={list} />
          </>
        )}
      </Loaded>
    </Section>
  );
}

function Card({ d, href, project, names: [a, b] }: { d: Disagreement; href: string; project: string; names: (string | null)[] }) {
  const kind = kinds[d.kind];
  const what = d.kind === 'class' ? `${a} → ${b}` : (a ?? b ?? '');
  return (
    <Link href={href} prefetch={false} className={classes.card} title={d.path}>
      <Crop d={d} project={project} />
      <div className={classes.text}>
        <Group gap={6} wrap="nowrap" justify="space-between">
          <Badge size="sm" color={kind.color} leftSection={<kind.icon size={12} aria-hidden />}>{kind.label}</Badge>
          {d.iou !== null && <Text size="xs" c="dimmed" className="fm-tabular">IoU {d.iou.toFixed(2)}</Text>}
        </Group>
        <Text size="xs" truncate mt={3}>{what}</Text>
        <Text size="xs" c="dimmed" truncate>{d.path}</Text>
      </div>
    </Link>
  );
}

/** The place, cut out of the image; read when it comes near the view. */
function Crop({ d, project }: { d: Disagreement; project: string }) {
  const ref = useRef<SVGSVGElement>(null);
  const [near, setNear] = useState(false);
  useEffect(() => {
    if (near || !ref.current) return;
    const observer = new IntersectionObserver(([e]) => e?.isIntersecting && setNear(true), { rootMargin: '400px' });
    observer.observe(ref.current);
    return () => observer.disconnect();
  }, [near]);
  const v = cropAround(d.box, d);
  return (
    <svg ref={ref} className={classes.picture} viewBox={`${v.x} ${v.y} ${v.width} ${v.height}`} aria-hidden preserveAspectRatio="xMidYMid slice">
      {near && <image href={assetUrl(project, d.asset, 'display')} width={d.width} height={d.height} preserveAspectRatio="none" />}
      <rect x={d.box.x0} y={d.box.y0} width={d.box.x1 - d.box.x0} height={d.box.y1 - d.box.y0} fill="none" stroke="#000" strokeOpacity={0.55} strokeWidth={4} vectorEffect="non-scaling-stroke" />
      <rect x={d.box.x0} y={d.box.y0} width={d.box.x1 - d.box.x0} height={d.box.y1 - d.box.y0} fill="none" stroke="#ffd43b" strokeWidth={2} vectorEffect="non-scaling-stroke" strokeDasharray={d.kind === 'missing' ? '5 4' : undefined} />
    </svg>
  );
}

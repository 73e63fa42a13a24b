'use client';
import { Table, Text, Tooltip } from '@mantine/core';
import { formatCount, formatShare } from '../../lib/format';
import { ClassName } from '../common/badges';

interface Props {
  /** The most frequent first. */
  classes: { id: string; name: string }[];
  color: (id: string) => string;
  /** How often a (row) was taken for b (column); null is nothing. */
  count: (a: string | null, b: string | null) => number;
  none: { row: string; column: string };
  caption: string;
  /** What a cell says: names of row and column, the number, its share of the row. */
  cell: (a: string, b: string, n: string, share: string) => string;
}

const MOST_CLASSES = 15;

/** Which class became which; the last row and column are "nothing there". */
export function ConfusionTable({ classes: all, color, count, none, caption, cell }: Props) {
  const classes = all.slice(0, MOST_CLASSES);
  if (classes.length === 0) return null;
  const ids: (string | null)[] = [...classes.map((c) => c.id), null];
  const name = (id: string | null, otherwise: string) => (id === null ? otherwise : (classes.find((c) => c.id === id)?.name ?? ''));
  return (
    <div style={{ overflowX: 'auto' }}>
      <Text size="xs" fw={600} mb={4}>What became what</Text>
      <Table withColumnBorders w="auto">
        <Table.Caption ta="left">{caption}{all.length > MOST_CLASSES ? ` The ${MOST_CLASSES} most frequent classes.` : ''}</Table.Caption>
        <Table.Thead><Table.Tr><Table.Th />{ids.map((b) => <Table.Th key={b ?? 'none'} className="fm-num" miw={76} maw={110}><Text size="xs" fw={600} truncate title={name(b, none.column)}>{name(b, none.column)}</Text></Table.Th>)}</Table.Tr></Table.Thead>
        <Table.Tbody>
          {ids.map((a) => {
            const row = ids.reduce((sum, b) => sum + count(a, b), 0);
            return (
              <Table.Tr key={a ?? 'none'}>
                <Table.Th maw={130}>{a === null ? <Text size="xs" fw={600}>{none.row}</Text> : <ClassName name={name(a, '')} color={color(a)} />}</Table.Th>
                {ids.map((b) => {
                  const n = count(a, b);
                  const share = row ? n / row : 0;
                  return (
                    <Table.Td key={b ?? 'none'} className="fm-num" style={{ background: n ? `color-mix(in srgb, var(--mantine-color-${a === b ? 'teal' : 'orange'}-6) ${Math.round(8 + 32 * share)}%, transparent)` : undefined }}>
                      {a === null && b === null && n === 0 ? '' : <Tooltip label={cell(name(a, none.row), name(b, none.column), formatCount(n), formatShare(share, 0))}><span>{n ? formatCount(n) : '·'}</span></Tooltip>}
                    </Table.Td>
                  );
                })}
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </div>
  );
}

import type { ReactNode } from 'react';
import { Group, Text } from '@mantine/core';

/** Single numbers side by side. */
export function Figures({ children }: { children: ReactNode }) {
  return <Group gap="lg" align="flex-start">{children}</Group>;
}
export function Figure({ label, value, hint }: { label: string; value: ReactNode; hint?: ReactNode }) {
  return (
    <div>
      <Text size="xs" c="dimmed">{label}</Text>
      <Text size="lg" fw={600} className="fm-tabular" lh={1.3}>{value}</Text>
      {hint && <Text size="xs" c="dimmed">{hint}</Text>}
    </div>
  );
}

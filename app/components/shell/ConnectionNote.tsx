'use client';
import { useEffect, useState } from 'react';
import { Badge, Tooltip } from '@mantine/core';
import { IconPlugConnectedX } from '@tabler/icons-react';
import { useConnection } from '../../lib/events';

/** Says so when live updates do not arrive; a short break is not worth a word. */
export function ConnectionNote() {
  const connection = useConnection();
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(connection === 'retrying'), connection === 'retrying' ? 2_500 : 0);
    return () => clearTimeout(timer);
  }, [connection]);
  if (!shown) return <span role="status" />;
  return (
    <Tooltip label="Live updates do not arrive. Fieldmark tries again by itself; what you see may be a few seconds old.">
      <Badge role="status" color="yellow" leftSection={<IconPlugConnectedX size={13} aria-hidden />} tabIndex={0}>Connection lost, retrying…</Badge>
    </Tooltip>
  );
}

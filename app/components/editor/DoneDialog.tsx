'use client';
import { useState } from 'react';
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { countOf } from '../../lib/format';

export function DoneDialog({ undecided, threshold, onReject, onReview, onClose }: { undecided: number | null; threshold: number; onReject: () => void; onReview: () => void; onClose: () => void }) {
  // While it fades out it goes on saying what it said.
  const [count, setCount] = useState(0);
  if (undecided !== null && undecided !== count) setCount(undecided);
  return (
    <Modal opened={undecided !== null} onClose={onClose} title={`${countOf(count, 'proposal')} undecided`}>
      <Stack gap="sm">
        <Text size="sm">At a score of {threshold.toFixed(2)} and above, the model proposes {countOf(count, 'object')} that nobody has accepted or rejected. An item is done when each is decided.</Text>
        <Group justify="flex-end" gap="xs">
          <Button onClick={onReview} data-autofocus>Review them</Button>
          <Button variant="filled" onClick={onReject}>Reject the rest and finish</Button>
        </Group>
      </Stack>
    </Modal>
  );
}

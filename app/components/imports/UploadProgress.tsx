'use client';
import { Alert, Button, Group, List, Paper, Progress, Stack, Text } from '@mantine/core';
import { describeError } from '../../lib/api';
import { countOf, formatBytes, formatCount, formatDuration } from '../../lib/format';
import { cancelUpload, commitUpload, retryUpload, type Upload } from '../../lib/uploads';
import { useAction } from '../../lib/useAction';

/** Files on their way; what did not arrive, and what to do about it. */
export function UploadProgress({ upload, onCommitted }: { upload: Upload; onCommitted: (id: string) => void }) {
  const { progress: p, project, phase } = upload;
  const cancel = useAction({ run: () => cancelUpload(project), failed: 'The upload has stopped, but its files were not removed', invalidates: () => [['import', 'list', project]] });
  const share = p.total.bytes ? p.sent.bytes / p.total.bytes : 0;
  const left = p.rate ? (p.total.bytes - p.sent.bytes) / p.rate : null;
  const retry = () => void retryUpload(project, onCommitted);
  return (
    <Paper p="md" role="status">
      <Stack gap="xs">
        <Group justify="space-between">
          <Text fw={600}>{phase === 'committing' ? 'Handing over…' : phase === 'incomplete' ? `${countOf(p.failed.length, 'file')} did not arrive` : phase === 'error' ? 'The import could not begin' : `Uploading “${upload.source}”`}</Text>
          <Text size="xs" c="dimmed" className="fm-tabular">{formatCount(p.sent.files)} of {countOf(p.total.files, 'file')} · {formatBytes(p.sent.bytes)} of {formatBytes(p.total.bytes)}{phase === 'sending' && p.rate ? ` · ${formatBytes(p.rate)}/s${left !== null && Number.isFinite(left) ? `, ${formatDuration(left)} left` : ''}` : ''}</Text>
        </Group>
        <Progress value={share * 100} animated={phase === 'sending'} aria-label="Upload" />
        {phase === 'sending' && <Text size="xs" c="dimmed">You can go to other pages; keep this window open until the upload is over.</Text>}
        {phase === 'error' && <Alert color="red" p="xs"><Text size="sm">{describeError(upload.error)}</Text></Alert>}
        {phase === 'incomplete' && (
          <Alert color="red" p="xs">
            <List size="xs">{p.failed.slice(0, 6).map((f) => <List.Item key={f.path}><b>{f.path}</b>: {f.message}</List.Item>)}</List>
            {p.failed.length > 6 && <Text size="xs">and {formatCount(p.failed.length - 6)} more</Text>}
          </Alert>
        )}
        <Group gap="xs">
          {phase === 'incomplete' && <Button variant="filled" onClick={retry}>Try these again</Button>}
          {phase === 'incomplete' && p.sent.files > 0 && <Button onClick={() => void commitUpload(project, onCommitted)}>Import without them</Button>}
          {phase === 'error' && <Button variant="filled" onClick={() => void commitUpload(project, onCommitted)}>Try again</Button>}
          {phase !== 'committing' && <Button variant="subtle" color="red" loading={cancel.isPending} onClick={() => cancel.mutate()}>Cancel the upload</Button>}
        </Group>
      </Stack>
    </Paper>
  );
}

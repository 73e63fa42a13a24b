'use client';
import { ActionIcon, Alert, Box, Button, Group, Kbd, Loader, Menu, Progress, Select, Text, Tooltip } from '@mantine/core';
import { IconCheck, IconCpu, IconPlayerStop, IconWand } from '@tabler/icons-react';
import { actionById } from '@/lib/editor';
import { browserBackends } from '@/models/browser/predict';
import { ActionHint } from './ActionIconButton';
import { useWorkbench } from './context';
import { backendTitles, useSuggesting } from './useSuggest';

/** Which model is asked about the open image, on what it runs, and how far it is. */
export function SuggestBar() {
  const { editor, host, item } = useWorkbench();
  const { state, models, model, choose, obstacle, backend, setBackend, cancel } = useSuggesting();
  const action = actionById('proposal.suggest');
  if (!model) return null;
  const busy = state.is === 'busy';
  return (
    <Box px={10} pt={8} pb={2} data-testid="suggest">
      <Group gap={6} wrap="nowrap">
        <Select
          aria-label="Model that is asked" flex={1} size="xs" allowDeselect={false} disabled={busy} value={model.id} onChange={(id) => id && choose(id)}
          data={models.map((m) => ({ value: m.id, label: `Model ${m.number} “${m.name}”${m.current ? ', current' : ''}` }))}
        />
        <Tooltip label={<ActionHint name="Run it on this image, in this browser" chord={action.keys[0]} />}>
          <Button size="xs" variant="light" leftSection={<IconWand size={14} aria-hidden />} disabled={busy || editor.readOnly || obstacle !== null || item.status === 'done'} onMouseDown={(event) => event.preventDefault()} onClick={() => action.perform({ editor, host })}>Suggest</Button>
        </Tooltip>
        <Menu position="bottom-end">
          <Menu.Target>
            <Tooltip label={`Runs on: ${backend ? backendTitles[backend] : 'what is fastest here'}`}><ActionIcon aria-label="What models run on" disabled={busy} variant={backend ? 'light' : 'subtle'} color="gray"><IconCpu size={16} aria-hidden /></ActionIcon></Tooltip>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Label>Models run on</Menu.Label>
            {[null, ...browserBackends].map((b) => (
              <Menu.Item key={b ?? 'auto'} role="menuitemradio" aria-checked={b === backend} leftSection={<IconCheck size={14} aria-hidden style={{ visibility: b === backend ? 'visible' : 'hidden' }} />} onClick={() => setBackend(b)}>
                {b === null ? 'The first that works here' : b === 'webgpu' || b === 'webgl' ? `${backendTitles[b]} (GPU)` : b === 'cpu' ? `${backendTitles[b]} (slow)` : backendTitles[b]}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      </Group>
      {busy && (
        <Box mt={6}>
          <Group gap={6} wrap="nowrap">
            {state.fraction === null && <Loader size={12} aria-hidden />}
            <Text size="xs" flex={1} role="status">{state.text}…</Text>
            <Tooltip label="Cancel"><ActionIcon size={20} variant="subtle" color="red" aria-label="Cancel the suggestion" onClick={cancel}><IconPlayerStop size={14} aria-hidden /></ActionIcon></Tooltip>
          </Group>
          {state.fraction !== null && <Progress value={100 * state.fraction} size="sm" mt={4} aria-label="Loading the model" />}
        </Box>
      )}
      {state.is === 'done' && <Text size="xs" c="dimmed" mt={6} role="status">{state.text}</Text>}
      {state.is === 'failed' && <Alert color="red" mt={6} p={8} fz="xs">{state.message}</Alert>}
      {state.is === 'idle' && obstacle && <Text size="xs" c="dimmed" mt={6}>{obstacle}</Text>}
      {state.is === 'idle' && !obstacle && <Text size="xs" c="dimmed" mt={6}><Kbd size="xs">⇧S</Kbd> asks it about this image, in this browser</Text>}
    </Box>
  );
}

'use client';
import { useEffect, useRef, useState } from 'react';
import { Button, Group, TextInput } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';

/**
 * Text to take along. The clipboard interface is missing on plain http: then the older command is tried, and the text
 * stands selected in any case, so that Ctrl+C works.
 */
export function CopyText({ value, label, description }: { value: string; label: string; description?: string }) {
  const input = useRef<HTMLInputElement>(null);
  const [state, setState] = useState<'idle' | 'copied' | 'selected'>('idle');
  useEffect(() => {
    if (state === 'idle') return;
    const timer = setTimeout(() => setState('idle'), 4_000);
    return () => clearTimeout(timer);
  }, [state]);

  const copy = async () => {
    input.current?.focus();
    input.current?.select();
    let copied = false;
    try {
      if (window.isSecureContext && navigator.clipboard) {
        await navigator.clipboard.writeText(value);
        copied = true;
      } else {
        copied = document.execCommand('copy');
      }
    } catch {
      copied = false;
    }
    setState(copied ? 'copied' : 'selected');
  };
  return (
    <Group gap="xs" align="flex-end" wrap="nowrap">
      <TextInput
        ref={input} label={label} description={description} value={value} readOnly flex={1} onFocus={(e) => e.currentTarget.select()}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
      />
      <Button onClick={() => void copy()} leftSection={state === 'copied' ? <IconCheck size={15} aria-hidden /> : <IconCopy size={15} aria-hidden />} aria-live="polite">
        {state === 'copied' ? 'Copied' : state === 'selected' ? 'Press Ctrl+C' : 'Copy'}
      </Button>
    </Group>
  );
}

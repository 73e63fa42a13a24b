'use client';
import { useState, type ComponentProps } from 'react';
import { NumberInput } from '@mantine/core';

type Base = Omit<ComponentProps<typeof NumberInput>, 'value' | 'defaultValue' | 'onChange' | 'onBlur'>;
type Props = Base & ({ optional?: false; value: number; onChange: (value: number) => void } | { optional: true; value: number | null; onChange: (value: number | null) => void });

/**
 * A number. What is typed stands as it is typed ("0." on the way to 0.25, nothing at all before another number); only
 * numbers are passed on, and an empty field only where it may be empty. Left empty elsewhere, it shows the last number again.
 */
export function NumberField({ optional, value, onChange, ...rest }: Props) {
  const [unfinished, setUnfinished] = useState<string | null>(null);
  return (
    <NumberInput
      {...rest} required={!optional} withAsterisk={false} value={unfinished ?? value ?? ''}
      onChange={(next) => {
        setUnfinished(typeof next === 'string' ? next : null);
        const number = Number(next);
        if (next === '') {
          if (optional) onChange(null);
        } else if (Number.isFinite(number)) onChange(number);
      }}
      onBlur={() => setUnfinished(null)}
    />
  );
}

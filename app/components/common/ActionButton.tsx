'use client';
import type { ComponentProps } from 'react';
import { Button, Tooltip } from '@mantine/core';
import type { Permission } from '@/lib/api/permissions';
import { useMay } from './session';

type Props = ComponentProps<typeof Button<'button'>> & {
  permission?: Permission;
  /** Why it cannot be pressed now; disables it. */
  blocked?: string | null | false;
};

/** A button that says why when it cannot be pressed. It stays focusable, so that the reason can be read by keyboard. */
export function ActionButton({ permission = 'self', blocked, ...props }: Props) {
  const { allowed, reason } = useMay(permission);
  const why = !allowed ? reason : blocked || null;
  const button = <Button {...props} {...(why && { 'data-disabled': true, 'aria-disabled': true, onClick: (e) => e.preventDefault(), type: 'button' as const })} />;
  return why ? <Tooltip label={why}>{button}</Tooltip> : button;
}

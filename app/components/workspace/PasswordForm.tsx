'use client';
import { useState } from 'react';
import { Alert, Group, PasswordInput, Stack } from '@mantine/core';
import { AppError } from '@/lib/api/errors';
import { api, describeError } from '../../lib/api';
import { passwordFault } from '../../lib/password';
import { useAction } from '../../lib/useAction';
import { ActionButton } from '../common/ActionButton';

/** A new password, for those who know the current one. */
export function PasswordForm({ email }: { email: string }) {
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const [tried, setTried] = useState(false);
  const short = passwordFault(password);
  const differs = again !== password ? 'The two passwords differ' : null;
  const change = useAction({
    run: () => api.changePassword({ body: { current, password } }), failed: null, done: 'Your password is changed. Other browsers in which you were signed in ask for it.',
    onDone: () => {
      [setCurrent, setPassword, setAgain].forEach((set) => set(''));
      setTried(false);
    },
  });
  const wrong = change.error instanceof AppError && change.error.details.errors?.some((e) => e.path.endsWith('current')) ? describeError(change.error) : null;
  return (
    <form method="post" onSubmit={(e) => { e.preventDefault(); setTried(true); if (current && !short && !differs) change.mutate(); }}>
      <Stack gap="sm" maw={420}>
        <input type="hidden" name="username" autoComplete="username" value={email} readOnly />
        <PasswordInput label="Current password" required autoComplete="current-password" value={current} onChange={(e) => { setCurrent(e.currentTarget.value); change.reset(); }} error={wrong} aria-invalid={!!wrong} />
        <PasswordInput label="New password" description="At least 10 characters" required autoComplete="new-password" value={password} onChange={(e) => setPassword(e.currentTarget.value)} error={tried ? short : null} aria-invalid={tried && !!short} />
        <PasswordInput label="The new one again" required autoComplete="new-password" value={again} onChange={(e) => setAgain(e.currentTarget.value)} error={tried ? differs : null} aria-invalid={tried && !!differs} />
        {change.error && !wrong && <Alert color="red" role="alert">{describeError(change.error)}</Alert>}
        <Group><ActionButton type="submit" variant="filled" blocked={!current && !password && 'Nothing is typed yet.'} loading={change.isPending}>Change the password</ActionButton></Group>
      </Stack>
    </form>
  );
}

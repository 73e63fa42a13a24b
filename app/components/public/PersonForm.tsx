'use client';
import { useState, type ReactNode } from 'react';
import { Alert, Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { describeError } from '../../lib/api';
import { passwordFault } from '../../lib/password';

export interface PersonValues { name: string; email: string; password: string; workspace: string }
interface Props {
  ask: (keyof PersonValues)[];
  initial?: Partial<PersonValues>;
  fixedEmail?: boolean;
  submit: string;
  busy: boolean;
  error: unknown;
  onSubmit: (values: PersonValues) => void;
  children?: ReactNode;
}

/** Who someone is, and a password typed twice. */
export function PersonForm({ ask, initial, fixedEmail, submit, busy, error, onSubmit, children }: Props) {
  const [values, setValues] = useState<PersonValues>({ name: '', email: '', password: '', workspace: 'My workspace', ...initial });
  const [again, setAgain] = useState('');
  const [tried, setTried] = useState(false);
  const set = (key: keyof PersonValues) => (e: { currentTarget: { value: string } }) => {
    const { value } = e.currentTarget;
    setValues((v) => ({ ...v, [key]: value }));
  };
  const short = passwordFault(values.password);
  const differs = again !== values.password ? 'The two passwords differ' : null;
  return (
    <form method="post" onSubmit={(e) => { e.preventDefault(); setTried(true); if (!short && !differs) onSubmit(values); }}>
      <Stack gap="sm">
        {ask.includes('name') && <TextInput size="sm" label="Your name" description="Shown beside what you label" required maxLength={100} autoComplete="name" value={values.name} onChange={set('name')} autoFocus />}
        {ask.includes('email') && <TextInput size="sm" label="Email" description="You sign in with it; Fieldmark sends no mail" type="email" required maxLength={200} autoComplete="username" value={values.email} onChange={set('email')} readOnly={fixedEmail} />}
        <PasswordInput size="sm" label={ask.includes('email') ? 'Password' : 'New password'} description="At least 10 characters" required autoComplete="new-password" value={values.password} onChange={set('password')} error={tried ? short : null} aria-invalid={tried && !!short} />
        <PasswordInput size="sm" label="The same again" required autoComplete="new-password" value={again} onChange={(e) => setAgain(e.currentTarget.value)} error={tried ? differs : null} aria-invalid={tried && !!differs} />
        {ask.includes('workspace') && <TextInput size="sm" label="Name of the workspace" description="All projects and people belong to it" required maxLength={100} value={values.workspace} onChange={set('workspace')} />}
        {children}
        {!!error && <Alert color="red" role="alert">{describeError(error)}</Alert>}
        <Button type="submit" size="sm" variant="filled" loading={busy}>{submit}</Button>
      </Stack>
    </form>
  );
}

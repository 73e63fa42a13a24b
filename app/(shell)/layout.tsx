import type { ReactNode } from 'react';
import { RequireSession } from '../components/common/session';
import { AppFrame } from '../components/shell/AppFrame';

export default function ShellLayout({ children }: { children: ReactNode }) {
  return (
    <RequireSession>
      <AppFrame>{children}</AppFrame>
    </RequireSession>
  );
}

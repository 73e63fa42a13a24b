import type { ReactNode } from 'react';
import { RequireSession } from '../components/common/session';

/** The labelling page fills the window: it has the session, but not the frame of the other pages (those are in `(shell)`). */
export default function BareLayout({ children }: { children: ReactNode }) {
  return <RequireSession>{children}</RequireSession>;
}

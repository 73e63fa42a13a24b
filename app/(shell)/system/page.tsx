import type { Metadata } from 'next';
import { SystemPage } from '@/app/components/workspace/SystemPage';

export const metadata: Metadata = { title: 'System' };

export default function Page() {
  return <SystemPage />;
}

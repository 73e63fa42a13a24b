import type { Metadata } from 'next';
import { ExportsPage } from '@/app/components/rounds/ExportsPage';

export const metadata: Metadata = { title: 'Exports' };

export default function Page() {
  return <ExportsPage />;
}

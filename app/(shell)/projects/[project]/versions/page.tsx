import type { Metadata } from 'next';
import { VersionsPage } from '@/app/components/rounds/VersionsPage';

export const metadata: Metadata = { title: 'Versions' };

export default function Page() {
  return <VersionsPage />;
}

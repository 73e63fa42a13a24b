import type { Metadata } from 'next';
import { AnchorsPage } from '@/app/components/rounds/AnchorsPage';

export const metadata: Metadata = { title: 'Anchors' };

export default function Page() {
  return <AnchorsPage />;
}

import type { Metadata } from 'next';
import { QualityPage } from '@/app/components/rounds/QualityPage';

export const metadata: Metadata = { title: 'Quality' };

export default function Page() {
  return <QualityPage />;
}

import type { Metadata } from 'next';
import { Reset } from '@/app/components/public/Reset';

export const metadata: Metadata = { title: 'New password' };

export default function Page() {
  return <Reset />;
}

import type { Metadata } from 'next';
import { SetUp } from '@/app/components/public/SetUp';

export const metadata: Metadata = { title: 'Set up' };

export default function Page() {
  return <SetUp />;
}

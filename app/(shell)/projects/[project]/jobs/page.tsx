import type { Metadata } from 'next';
import { JobsPage } from '@/app/components/rounds/JobsPage';

export const metadata: Metadata = { title: 'Jobs' };

export default function Page() {
  return <JobsPage />;
}

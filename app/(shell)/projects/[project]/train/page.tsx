import type { Metadata } from 'next';
import { TrainPage } from '@/app/components/rounds/TrainPage';

export const metadata: Metadata = { title: 'Training' };

export default function Page() {
  return <TrainPage />;
}

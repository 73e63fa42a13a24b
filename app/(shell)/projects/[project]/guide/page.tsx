import type { Metadata } from 'next';
import { GuidePage } from '@/app/components/guide/GuidePage';

export const metadata: Metadata = { title: 'Guide' };

export default function Page() {
  return <GuidePage />;
}

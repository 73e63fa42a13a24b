import type { Metadata } from 'next';
import { BackbonePage } from '@/app/components/rounds/BackbonePage';

export const metadata: Metadata = { title: 'Network' };

export default function Page() {
  return <BackbonePage />;
}

import type { Metadata } from 'next';
import { NetworkPage } from '@/app/components/rounds/NetworkPage';

export const metadata: Metadata = { title: 'Network' };

export default async function Page({ params }: { params: Promise<{ model: string }> }) {
  return <NetworkPage model={(await params).model} />;
}

import type { Metadata } from 'next';
import { ModelsPage } from '@/app/components/rounds/ModelsPage';

export const metadata: Metadata = { title: 'Models' };

export default function Page() {
  return <ModelsPage />;
}

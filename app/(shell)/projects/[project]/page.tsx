import type { Metadata } from 'next';
import { ItemsPage } from '@/app/components/items/ItemsPage';

export const metadata: Metadata = { title: 'Images' };

export default function Page() {
  return <ItemsPage />;
}

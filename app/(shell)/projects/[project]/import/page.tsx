import type { Metadata } from 'next';
import { ImportPage } from '@/app/components/imports/ImportPage';

export const metadata: Metadata = { title: 'Import' };

export default function Page() {
  return <ImportPage />;
}

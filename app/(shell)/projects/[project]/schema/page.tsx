import type { Metadata } from 'next';
import { SchemaPage } from '@/app/components/schema/SchemaPage';

export const metadata: Metadata = { title: 'Label schema' };

export default function Page() {
  return <SchemaPage />;
}

import type { Metadata } from 'next';
import { MembersPage } from '@/app/components/workspace/MembersPage';

export const metadata: Metadata = { title: 'Members' };

export default function Page() {
  return <MembersPage />;
}

import type { Metadata } from 'next';
import { AccountPage } from '@/app/components/workspace/AccountPage';

export const metadata: Metadata = { title: 'Account' };

export default function Page() {
  return <AccountPage />;
}

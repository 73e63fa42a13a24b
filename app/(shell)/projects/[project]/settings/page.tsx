import type { Metadata } from 'next';
import { SettingsPage } from '@/app/components/projects/SettingsPage';

export const metadata: Metadata = { title: 'Settings' };

export default function Page() {
  return <SettingsPage />;
}

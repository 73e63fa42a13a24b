import { IconAnchor, IconBook2, IconBoxMultiple, IconChartDots3, IconChecklist, IconCpu, IconDownload, IconFolders, IconHeartRateMonitor, IconPhoto, IconSettings, IconSnowflake, IconTags, IconTrash, IconUpload, IconUserCircle, IconUsers } from '@tabler/icons-react';
import type { Permission } from '@/lib/api/permissions';

export interface Destination {
  label: string;
  /** Below the project, or from the root. */
  path: string;
  icon: typeof IconPhoto;
  /** Typed after `g`. */
  key: string;
  permission?: Permission;
}

/** The pages of a project, in the order of a round. The help and the keys are made from this list. */
export const projectPages: { title: string; pages: Destination[] }[] = [
  { title: 'Label', pages: [
    { label: 'Images', path: '', icon: IconPhoto, key: 'i' },
    { label: 'Import', path: '/import', icon: IconUpload, key: 'u' },
    { label: 'Label schema', path: '/schema', icon: IconTags, key: 's' },
    { label: 'Guide', path: '/guide', icon: IconBook2, key: 'd' },
  ] },
  { title: 'Train', pages: [
    { label: 'Anchors', path: '/anchors', icon: IconAnchor, key: 'a' },
    { label: 'Versions', path: '/versions', icon: IconSnowflake, key: 'v' },
    { label: 'Training', path: '/train', icon: IconCpu, key: 't' },
    { label: 'Models', path: '/models', icon: IconBoxMultiple, key: 'm' },
  ] },
  { title: 'Use', pages: [
    { label: 'Quality', path: '/quality', icon: IconChartDots3, key: 'q' },
    { label: 'Exports', path: '/exports', icon: IconDownload, key: 'e' },
  ] },
  { title: 'Project', pages: [
    { label: 'Jobs', path: '/jobs', icon: IconChecklist, key: 'j' },
    { label: 'Settings', path: '/settings', icon: IconSettings, key: 'o' },
  ] },
];

export const workspacePages: Destination[] = [
  { label: 'Projects', path: '/projects', icon: IconFolders, key: 'p' },
  { label: 'Members', path: '/members', icon: IconUsers, key: 'w' },
  { label: 'Trash', path: '/trash', icon: IconTrash, key: 'x' },
  { label: 'System', path: '/system', icon: IconHeartRateMonitor, key: 'y' },
  { label: 'Account', path: '/account', icon: IconUserCircle, key: 'c' },
];

/** The project of an address below /projects/. */
export function projectOfPath(pathname: string): string | null {
  return /^\/projects\/([0-9a-f-]{36})(\/|$)/.exec(pathname)?.[1] ?? null;
}

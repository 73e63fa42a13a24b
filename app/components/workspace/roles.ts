import type { Role } from '@/lib/api/permissions';

/** What each role is for, in one line. */
export const roleTexts: Record<Role, string> = {
  owner: 'Does everything, invites people, and alone erases for good.',
  manager: 'Makes projects, imports, trains, exports; labels and reviews.',
  reviewer: 'Labels, and compares the work of people and models.',
  labeler: 'Labels images and decides proposals.',
  viewer: 'Looks, changes nothing.',
};

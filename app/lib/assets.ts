import { addressOf } from '@/lib/api/client';

/** The address of an image: immutable, so the browser keeps it. */
export function assetUrl(project: string, hash: string, rendition: 'original' | 'display' | 'thumb'): string {
  return addressOf('asset', { params: { project, hash, rendition } });
}

/** The labelling page of an item, with the filter of the list it was opened from. */
export function itemHref(project: string, item: string, query: Record<string, string | number | boolean | null | undefined> = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined && value !== null && value !== '' && value !== false) search.set(key, String(value));
  const text = search.toString();
  return `/projects/${project}/items/${item}${text ? `?${text}` : ''}`;
}

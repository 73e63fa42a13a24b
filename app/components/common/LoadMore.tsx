'use client';
import { useEffect, useRef } from 'react';
import { Button, Center, Text } from '@mantine/core';

interface Paged { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown; isFetchNextPageError?: boolean }

/** Reads the next page when it comes into view; a button for those who get there by keyboard, or when that failed. */
export function LoadMore({ query, end }: { query: Paged; end?: string }) {
  const ref = useRef<HTMLDivElement>(null);
  const { hasNextPage, isFetchingNextPage, fetchNextPage, isFetchNextPageError } = query;
  useEffect(() => {
    const element = ref.current;
    if (!element || !hasNextPage || isFetchingNextPage || isFetchNextPageError) return;
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && void fetchNextPage(), { rootMargin: '300px' });
    observer.observe(element);
    return () => observer.disconnect();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage, isFetchNextPageError]);
  if (!hasNextPage) return end ? <Center py="sm"><Text size="xs" c="dimmed">{end}</Text></Center> : null;
  return (
    <Center ref={ref} py="sm">
      <Button variant="subtle" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>{isFetchNextPageError ? 'Could not load more: try again' : 'Load more'}</Button>
    </Center>
  );
}

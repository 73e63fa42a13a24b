'use client';
import { useState, type ReactNode } from 'react';
import { MantineProvider } from '@mantine/core';
import { ModalsProvider } from '@mantine/modals';
import { Notifications } from '@mantine/notifications';
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { AppError } from '@/lib/api/errors';
import { isCode } from './lib/api';
import { theme } from './lib/theme';

function makeClient(): QueryClient {
  // A session that ended shows itself at any call: `me` is asked again, and the guard leads to the sign-in page.
  const lost = (error: unknown) => {
    if (isCode(error, 'unauthenticated')) void client.invalidateQueries({ queryKey: ['me'] });
  };
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError: (error, query) => query.queryKey[0] !== 'me' && lost(error) }),
    mutationCache: new MutationCache({ onError: lost }),
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        gcTime: 10 * 60_000,
        // Only what may pass by itself is tried again.
        retry: (count, error) => count < 2 && (!(error instanceof AppError) || error.status >= 500 || error.status === 429),
        networkMode: 'always',
      },
      mutations: { retry: false, networkMode: 'always' },
    },
  });
  return client;
}

/** What every page stands on: theme, queries, notifications, dialogs. */
export function Providers({ children }: { children: ReactNode }) {
  const [client] = useState(makeClient);
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <QueryClientProvider client={client}>
        <ModalsProvider labels={{ confirm: 'Go on', cancel: 'Cancel' }}>
          <Notifications position="bottom-right" limit={4} zIndex={400} />
          {children}
        </ModalsProvider>
      </QueryClientProvider>
    </MantineProvider>
  );
}

'use client';
import { Suspense } from 'react';
import dynamic from 'next/dynamic';
import { EditorSkeleton } from '@/app/components/editor/EditorSkeleton';

// The canvas needs a browser.
const EditorPage = dynamic(() => import('@/app/components/editor/EditorPage').then((m) => m.EditorPage), { ssr: false, loading: () => <EditorSkeleton /> });

export default function Page() {
  return (
    <Suspense fallback={<EditorSkeleton />}>
      <EditorPage />
    </Suspense>
  );
}

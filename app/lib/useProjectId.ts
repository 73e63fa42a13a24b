'use client';
import { useParams } from 'next/navigation';

/** The project of the address. */
export function useProjectId(): string {
  return useParams<{ project: string }>().project;
}

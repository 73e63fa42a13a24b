import type { AnnotationFields } from '@/lib/core/labels';

/** What was copied. It lives in the page's memory: the system's clipboard is closed to pages over plain http. */
export class Clipboard {
  private held: { project: string; document: string; fields: readonly AnnotationFields[] } | null = null;

  put(project: string, document: string, fields: readonly AnnotationFields[]): void {
    this.held = { project, document, fields };
  }
  /** What can be pasted into this project: classes of another mean nothing here. */
  take(project: string): { document: string; fields: readonly AnnotationFields[] } | null {
    return this.held?.project === project ? this.held : null;
  }
}

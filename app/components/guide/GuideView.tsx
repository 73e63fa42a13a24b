'use client';
import { memo } from 'react';
import ReactMarkdown from 'react-markdown';
import rehypeSanitize from 'rehype-sanitize';
import remarkGfm from 'remark-gfm';

/** The guide as it reads: Markdown without anything that could run. Also shown beside the canvas. */
export const GuideView = memo(function GuideView({ markdown }: { markdown: string }) {
  return <div className="fm-prose"><ReactMarkdown remarkPlugins={[remarkGfm]} rehypePlugins={[rehypeSanitize]} components={{ a: ({ href, children }) => <a href={href} target="_blank" rel="noreferrer noopener">{children}</a> }}>{markdown}</ReactMarkdown></div>;
});

/** The mark: a box around a point. */
export function Logo({ size = 22 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="7" fill="#14746f" />
      <g fill="none" stroke="#fff" strokeWidth="2.4" strokeLinecap="round" strokeLinejoin="round">
        <path d="M8 12V8h4M20 8h4v4M24 20v4h-4M12 24H8v-4" />
      </g>
      <circle cx="16" cy="16" r="4" fill="#ffd43b" />
    </svg>
  );
}

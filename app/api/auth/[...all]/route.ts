import { handleAuth } from '@/lib/server/auth/auth';

export const runtime = 'nodejs';
export const dynamic = 'force-dynamic';

export { handleAuth as GET, handleAuth as POST };

import type { Command } from 'commander';
import { AppError } from '@/lib/api/errors';
import { allOf } from '../lookups';
import { act, command, group, type Frame } from '../program';

export function userCommand(frame: Frame): Command {
  const parent = group('user', 'help people who cannot sign in');
  parent.addCommand(
    command('reset-password', 'make a one-time link with which a person sets a new password', { server: true }).argument('<email>', 'e-mail address of the account')
      .action(act(frame, async (ctx, _, [email]) => {
        const client = ctx.client();
        const wanted = email!.trim().toLowerCase();
        for await (const m of allOf((cursor) => client.members({ query: { limit: 500, cursor } }))) {
          if (m.email.toLowerCase() !== wanted) continue;
          const link = await client.resetLink({ params: { id: m.id } });
          ctx.out.line(`${m.name} <${m.email}> can set a new password once with this link, until ${link.expiresAt.slice(0, 16).replace('T', ' ')} UTC:`);
          ctx.out.line(link.url);
          return { email: m.email, url: link.url, expiresAt: link.expiresAt };
        }
        throw new AppError('not-found', `Nobody here has the e-mail address "${wanted}".`);
      })),
  );
  return parent;
}

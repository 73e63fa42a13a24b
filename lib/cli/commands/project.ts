import type { Command } from 'commander';
import { uuidv7 } from 'uuidv7';
import { allOf } from '../lookups';
import { act, command, group, type Frame } from '../program';

export function projectCommand(frame: Frame): Command {
  const parent = group('project', 'list and create projects');
  parent.addCommand(
    command('list', 'list the projects', { server: true }).action(act(frame, async (ctx) => {
      const client = ctx.client();
      const projects = [];
      for await (const p of allOf((cursor) => client.projects({ query: { limit: 500, cursor } }))) projects.push(p);
      if (projects.length === 0) ctx.out.line('There are no projects yet.');
      else ctx.out.table(['name', 'images', 'done', 'annotations', 'id'], projects.map((p) => [p.name, p.counts.items, p.counts.done, p.counts.annotations, p.id]));
      return { projects: projects.map((p) => ({ id: p.id, name: p.name, ...p.counts })) };
    })),
  );
  parent.addCommand(
    command('create', 'create a project', { server: true }).argument('<name>', 'its name').option('--description <text>', 'what it is about')
      .action(act<{ description?: string }>(frame, async (ctx, options, [name]) => {
        const project = await ctx.client().createProject({ body: { name: name!, ...(options.description !== undefined && { description: options.description }) } }, { idempotencyKey: uuidv7() });
        ctx.out.line(`Created the project "${project.name}" (${project.id}).`);
        return { project: { id: project.id, name: project.name } };
      })),
  );
  return parent;
}

import type * as contract from '@/lib/api/routes/projects';
import type { HandlersOf } from '@/lib/server/http/handler';
import * as guide from '@/lib/server/services/guide';
import * as projects from '@/lib/server/services/projects';
import * as schema from '@/lib/server/services/schema';

export const projectHandlers: HandlersOf<typeof contract> = {
  projects: ({ query }, { who }) => projects.list(who, query),
  createProject: ({ body }, { who }) => projects.create(who, body),
  project: ({ params }, { who }) => projects.get(who, params.project),
  updateProject: ({ params, body }, { who }) => projects.update(who, params.project, body),
  trashProject: ({ params }, { who }) => projects.trash(who, params.project),
  restoreProject: ({ params }, { who }) => projects.restore(who, params.project),
  eraseProject: ({ params, body }, { who }) => projects.erase(who, params.project, body.confirmName),
  createDemo: (_, { who }) => projects.createDemo(who),
  schema: ({ params, query }, { who }) => schema.get(who, params.project, query.version),
  classUse: ({ params }, { who }) => schema.classUse(who, params.project),
  saveSchema: ({ params, body }, { who }) => schema.save(who, params.project, body),
  guide: ({ params, query }, { who }) => guide.get(who, params.project, query.version),
  saveGuide: ({ params, body }, { who }) => guide.save(who, params.project, body),
  addGuideImage: ({ params, body }, { who }) => guide.addImage(who, params.project, body),
};

import type * as contract from '@/lib/api/routes/rounds';
import type { HandlersOf } from '@/lib/server/http/handler';
import * as anchorService from '@/lib/server/services/anchors';
import * as exportService from '@/lib/server/services/exports';
import * as jobService from '@/lib/server/services/jobs';
import * as modelService from '@/lib/server/services/models';
import * as prelabelService from '@/lib/server/services/prelabel';
import * as qualityService from '@/lib/server/services/quality';
import * as versionService from '@/lib/server/services/versions';

export const jobs: Handlers['jobs'] = ({ params, query }, { who }) => jobService.list(who, params.project, query);
export const workspaceJobs: Handlers['workspaceJobs'] = ({ query }, { who }) => jobService.ofWorkspace(who, query);
export const job: Handlers['job'] = ({ params }, { who }) => jobService.one(who, params.id);
export const cancelJob: Handlers['cancelJob'] = ({ params }, { who }) => jobService.cancel(who, params.id);
export const jobSeries: Handlers['jobSeries'] = ({ params, query }, { who }) => jobService.series(who, params.id, query.after);

export const anchors: Handlers['anchors'] = ({ params }, { who }) => anchorService.read(who, params.project);
export const computeAnchors: Handlers['computeAnchors'] = ({ params, body }, { who }) => anchorService.compute(who, params.project, body);

export const versions: Handlers['versions'] = ({ params, query }, { who }) => versionService.list(who, params.project, query);
export const createVersion: Handlers['createVersion'] = ({ params, body }, { who }) => versionService.create(who, params.project, body);
export const version: Handlers['version'] = ({ params }, { who }) => versionService.one(who, params.id);
export const manifest: Handlers['manifest'] = ({ params }, { who }) => versionService.manifest(who, params.id);

export const train: Handlers['train'] = ({ params, body }, { who }) => modelService.startTraining(who, params.project, body);
export const models: Handlers['models'] = ({ params, query }, { who }) => modelService.list(who, params.project, query);
export const model: Handlers['model'] = ({ params }, { who }) => modelService.one(who, params.id);
export const promoteModel: Handlers['promoteModel'] = ({ params }, { who }) => modelService.promote(who, params.id);
export const trashModel: Handlers['trashModel'] = ({ params }, { who }) => modelService.trash(who, params.id);
export const restoreModel: Handlers['restoreModel'] = ({ params }, { who }) => modelService.restore(who, params.id);
export const eraseModel: Handlers['eraseModel'] = ({ params }, { who }) => modelService.erase(who, params.id);
export const modelEvaluation: Handlers['modelEvaluation'] = ({ params }, { who }) => modelService.evaluation(who, params.id);
export const evaluateModel: Handlers['evaluateModel'] = ({ params, body }, { who }) => modelService.evaluate(who, params.id, body.version);
export const modelNetwork: Handlers['modelNetwork'] = ({ params }, { who }) => modelService.network(who, params.id);
export const inspectNetwork: Handlers['inspectNetwork'] = ({ params }, { who }) => modelService.inspectNetwork(who, params.id);
export const modelFile: Handlers['modelFile'] = ({ params }, { who }) => modelService.file(who, params.id, params.file);

export const prelabel: Handlers['prelabel'] = ({ params, body }, { who }) => prelabelService.start(who, params.project, body);
export const proposalStats: Handlers['proposalStats'] = ({ params }, { who }) => modelService.stats(who, params.project);

export const authors: Handlers['authors'] = ({ params }, { who }) => qualityService.authors(who, params.project);
export const qualityReports: Handlers['qualityReports'] = ({ params, query }, { who }) => qualityService.list(who, params.project, query);
export const compare: Handlers['compare'] = ({ params, body }, { who }) => qualityService.compare(who, params.project, body);
export const qualityReport: Handlers['qualityReport'] = ({ params }, { who }) => qualityService.one(who, params.id);
export const disagreements: Handlers['disagreements'] = ({ params, query }, { who }) => qualityService.disagreements(who, params.id, query);

export const formats: Handlers['formats'] = async () => exportService.formatList();
export const createExport: Handlers['createExport'] = ({ params, body }, { who }) => exportService.create(who, params.id, body);
export const exportLosses: Handlers['exportLosses'] = ({ params, query }, { who }) => exportService.losses(who, params.id, query.format);
export const exports_: Handlers['exports_'] = ({ params, query }, { who }) => exportService.list(who, params.project, query);
export const exportOne: Handlers['exportOne'] = ({ params }, { who }) => exportService.one(who, params.id);
export const downloadExport: Handlers['downloadExport'] = ({ params }, { who }) => exportService.download(who, params.id);

type Handlers = HandlersOf<typeof contract>;

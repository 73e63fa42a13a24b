import { Option, type Command } from 'commander';
import { AppError } from '@/lib/api/errors';
import { COCO_PERSON_SIGMAS, uniformSigmas } from '@/lib/core/geometry/landmarks';
import { CocoFileError, DetectionConfusion, cocoEvaluate, mean, readCocoResults, readCocoTruth, type CocoEvaluation, type CocoTruthFile, type IouType } from '@/lib/core/metrics';
import { readJson } from '../json';
import { count } from '../output';
import { act, command, number, type Context, type Frame } from '../program';

interface Options {
  gt: string;
  dt: string;
  type: IouType;
  iou: number;
  score: number;
  curves?: boolean;
}

export function evalCommand(frame: Frame): Command {
  return command('eval', 'compare detections with ground truth by COCO\'s definition (needs no server)')
    .requiredOption('--gt <file>', 'ground truth: a COCO JSON file')
    .requiredOption('--dt <file>', 'detections: COCO results, a JSON list; image_id may be the image\'s file name')
    .addOption(new Option('--type <what>', 'what is compared').choices(['bbox', 'segm', 'keypoints']).default('bbox'))
    .option('--iou <number>', 'least IoU (or OKS) of a match in the confusion matrix', number(0.05, 1), 0.5)
    .option('--score <number>', 'detections below this score are not in the confusion matrix', number(0, 1), 0.5)
    .option('--curves', 'with --json: precision over recall of each category at IoU 0.5')
    .action(act<Options>(frame, run));
}

function reading<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof CocoFileError) throw new AppError('invalid', `"${file}" cannot be evaluated: ${error.message}.`);
    throw error;
  }
}

async function run(ctx: Context, o: Options) {
  const [gt, dt] = [await readJson(ctx, o.gt), await readJson(ctx, o.dt)];
  const truth = reading(o.gt, () => readCocoTruth(gt, o.type));
  const results = reading(o.dt, () => readCocoResults(dt, truth, o.type));
  const classes = truth.categories.map((c) => c.id);
  const sigmas = o.type === 'keypoints' ? { sigmas: sigmasOf(truth, o.gt) } : {};
  const evaluation = reading(o.dt, () => withSameNumberOfPoints(() => cocoEvaluate(results.images, { iouType: o.type, classes, ...sigmas })));
  const confusion = new DetectionConfusion(classes, { iouType: o.type, iou: o.iou, score: o.score, ...sigmas });
  for (const image of results.images) confusion.add(image.groundTruth, image.detections);

  const figures = figuresOf(evaluation, o.type);
  const names = new Map(truth.categories.map((c) => [c.id, c.name]));
  const perCategory = evaluation.perClass.map((c) => ({
    id: c.classId as number, name: names.get(c.classId as number)!, AP: c.ap, AP50: c.ap50, AP75: c.ap75, AR: c.ar, groundTruth: c.groundTruth, detections: c.detections,
    ...(o.curves && { precision50: c.curves[0] ? [...c.curves[0].precision] : null }),
  }));
  ctx.out.line(`${count(results.detections, 'detection')} against ${count(truth.annotations - truth.withoutShape, 'object')} on ${count(truth.images.length, 'image')}:`);
  ctx.out.table(['figure', 'value'], Object.entries(figures).map(([name, value]) => [name, value === null ? null : Number(value.toFixed(4))]));
  ctx.out.table(['category', 'AP', 'AP50', 'objects', 'detections'], perCategory.filter((c) => c.groundTruth > 0 || c.detections > 0).map((c) => [c.name, rounded(c.AP), rounded(c.AP50), c.groundTruth, c.detections]));
  if (truth.withoutShape > 0) ctx.out.line(`${count(truth.withoutShape, 'annotation')} of the ground truth without ${o.type === 'segm' ? 'a mask' : 'keypoints'} ${truth.withoutShape === 1 ? 'was' : 'were'} left out.`);
  if (results.unknownCategory > 0) ctx.out.line(`${count(results.unknownCategory, 'detection')} of categories that the ground truth does not have ${results.unknownCategory === 1 ? 'was' : 'were'} left out.`);
  return {
    type: o.type, images: truth.images.length, annotations: truth.annotations, detections: results.detections, withoutShape: truth.withoutShape, unknownCategory: results.unknownCategory,
    ...figures, mAP: evaluation.ap, mAP50: evaluation.ap50, mAP75: evaluation.ap75, stats: Object.values(figures), perCategory,
    recall: [...evaluation.recallPoints], precision50: meanCurve(evaluation),
    confusion: { iou: o.iou, score: o.score, labels: [...truth.categories.map((c) => c.name), 'background'], counts: confusion.rows() },
  };
}

const rounded = (value: number | null) => (value === null ? null : Number(value.toFixed(4)));

/** The figures that COCO's reference code prints, in its order. */
function figuresOf(e: CocoEvaluation, type: IouType): Record<string, number | null> {
  const { ap, ap50, ap75, apByArea, arByArea, arByMaxDets } = e;
  const area = (of: Record<string, number | null>, name: string) => of[name] ?? null;
  if (type === 'keypoints') return { AP: ap, AP50: ap50, AP75: ap75, APm: area(apByArea, 'medium'), APl: area(apByArea, 'large'), AR: arByMaxDets[20] ?? null, AR50: e.ar50, AR75: e.ar75, ARm: area(arByArea, 'medium'), ARl: area(arByArea, 'large') };
  return {
    AP: ap, AP50: ap50, AP75: ap75, APs: area(apByArea, 'small'), APm: area(apByArea, 'medium'), APl: area(apByArea, 'large'),
    AR1: arByMaxDets[1] ?? null, AR10: arByMaxDets[10] ?? null, AR100: arByMaxDets[100] ?? null, ARs: area(arByArea, 'small'), ARm: area(arByArea, 'medium'), ARl: area(arByArea, 'large'),
  };
}

/** Precision at each recall at IoU 0.5, the mean over the categories that have objects. */
function meanCurve({ perClass, recallPoints }: CocoEvaluation): number[] | null {
  const curves = perClass.flatMap((c) => (c.curves[0] ? [c.curves[0].precision] : []));
  return curves.length === 0 ? null : recallPoints.map((_, r) => mean(curves.map((c) => c[r]!))!);
}

/** Falloffs of the keypoints: the file's own, COCO's for 17 points, else 0.05 for each. */
function sigmasOf(truth: CocoTruthFile, file: string): readonly number[] {
  const lengths = new Set([...truth.truths.values()].flat().map((t) => t.keypoints!.length));
  if (lengths.size > 1) throw new AppError('invalid', `The objects of "${file}" have ${[...lengths].join(' and ')} keypoints: evaluate the categories one by one.`);
  const n = [...lengths][0] ?? COCO_PERSON_SIGMAS.length;
  const given = truth.categories.find((c) => c.sigmas?.length === n)?.sigmas;
  return given ?? (n === COCO_PERSON_SIGMAS.length ? COCO_PERSON_SIGMAS : uniformSigmas(n));
}

function withSameNumberOfPoints<T>(evaluate: () => T): T {
  try {
    return evaluate();
  } catch (error) {
    if (error instanceof RangeError) throw new CocoFileError(`its objects have another number of keypoints than the ground truth's (${error.message})`);
    throw error;
  }
}

import { Option, type Command } from 'commander';
import { AppError } from '@/lib/api/errors';
import { COCO_PERSON_SIGMAS, uniformSigmas } from '@/lib/core/geometry/landmarks';
import { CocoFileError, DetectionConfusion, cocoEvaluate, mean, readCocoResults, readCocoTruth, vocAveragePrecision, type CocoEvaluation, type CocoResults, type CocoTruthFile, type IouType } from '@/lib/core/metrics';
import { readJson } from '../json';
import { count } from '../output';
import { UsageError, act, command, number, type Context, type Frame } from '../program';

const metrics = ['coco', 'voc07', 'voc'] as const;
type Metric = (typeof metrics)[number];

interface Options {
  gt: string;
  dt: string;
  type: IouType;
  metric: Metric;
  iou: number;
  score: number;
  curves?: boolean;
}

export function evalCommand(frame: Frame): Command {
  return command('eval', 'compare detections with ground truth by the definition of COCO or Pascal VOC (needs no server)')
    .requiredOption('--gt <file>', 'ground truth: a COCO JSON file')
    .requiredOption('--dt <file>', 'detections: COCO results, a JSON list; image_id may be the image\'s file name, and a category_name goes before category_id')
    .addOption(new Option('--type <what>', 'what is compared').choices(['bbox', 'segm', 'keypoints']).default('bbox'))
    .addOption(new Option('--metric <name>', 'average precision by COCO (ten IoU thresholds, 101 points of recall), by Pascal VOC 2007 (11 points), or by Pascal VOC from 2010 on (every point), these two for boxes').choices([...metrics]).default('coco'))
    .option('--iou <number>', 'least IoU (or OKS) of a match in the confusion matrix, and in the figures of Pascal VOC', number(0.05, 1), 0.5)
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
  if (o.metric !== 'coco' && o.type !== 'bbox') throw new UsageError('The figures of Pascal VOC are of boxes: give --type bbox, or --metric coco.');
  if (o.metric !== 'coco' && o.curves) throw new UsageError('--curves is for --metric coco.');
  const [gt, dt] = [await readJson(ctx, o.gt), await readJson(ctx, o.dt)];
  const truth = reading(o.gt, () => readCocoTruth(gt, o.type));
  const results = reading(o.dt, () => readCocoResults(dt, truth, o.type));
  const classes = truth.categories.map((c) => c.id);
  const sigmas = o.type === 'keypoints' ? { sigmas: sigmasOf(truth, o.gt) } : {};
  const common = {
    type: o.type, metric: o.metric, images: truth.images.length, annotations: truth.annotations, detections: results.detections, withoutShape: truth.withoutShape, unknownCategory: results.unknownCategory,
  };
  ctx.out.line(`${count(results.detections, 'detection')} against ${count(truth.annotations - truth.withoutShape, 'object')} on ${count(truth.images.length, 'image')}:`);
  const confusionOf = (): { iou: number; score: number; labels: string[]; counts: number[][] } => {
    const confusion = new DetectionConfusion(classes, { iouType: o.type, iou: o.iou, score: o.score, ...sigmas });
    for (const image of results.images) confusion.add(image.groundTruth, image.detections);
    return { iou: o.iou, score: o.score, labels: [...truth.categories.map((c) => c.name), 'background'], counts: confusion.rows() };
  };
  if (o.metric !== 'coco') {
    const voc = vocFigures(ctx, o, truth, results);
    tellLeftOut(ctx, o, truth, results);
    return { ...common, ...voc, confusion: confusionOf() };
  }
  const evaluation = reading(o.dt, () => withSameNumberOfPoints(() => cocoEvaluate(results.images, { iouType: o.type, classes, ...sigmas })));
  const figures = figuresOf(evaluation, o.type);
  const names = new Map(truth.categories.map((c) => [c.id, c.name]));
  const perCategory = evaluation.perClass.map((c) => ({
    id: c.classId as number, name: names.get(c.classId as number)!, AP: c.ap, AP50: c.ap50, AP75: c.ap75, AR: c.ar, groundTruth: c.groundTruth, detections: c.detections,
    ...(o.curves && { precision50: c.curves[0] ? [...c.curves[0].precision] : null }),
  }));
  ctx.out.table(['figure', 'value'], Object.entries(figures).map(([name, value]) => [name, value === null ? null : Number(value.toFixed(4))]));
  ctx.out.table(['category', 'AP', 'AP50', 'objects', 'detections'], perCategory.filter((c) => c.groundTruth > 0 || c.detections > 0).map((c) => [c.name, rounded(c.AP), rounded(c.AP50), c.groundTruth, c.detections]));
  tellLeftOut(ctx, o, truth, results);
  return {
    ...common, ...figures, mAP: evaluation.ap, mAP50: evaluation.ap50, mAP75: evaluation.ap75, stats: Object.values(figures), perCategory,
    recall: [...evaluation.recallPoints], precision50: meanCurve(evaluation), confusion: confusionOf(),
  };
}

function tellLeftOut(ctx: Context, o: Options, truth: CocoTruthFile, results: CocoResults): void {
  if (truth.withoutShape > 0) ctx.out.line(`${count(truth.withoutShape, 'annotation')} of the ground truth without ${o.type === 'segm' ? 'a mask' : 'keypoints'} ${truth.withoutShape === 1 ? 'was' : 'were'} left out.`);
  if (results.unknownCategory > 0) ctx.out.line(`${count(results.unknownCategory, 'detection')} of categories that the ground truth does not have ${results.unknownCategory === 1 ? 'was' : 'were'} left out.`);
}

/**
 * Average precision by Pascal VOC. COCO's boxes have continuous edges, so that no pixel is added to their sides; crowds are what VOC
 * calls difficult: neither to be found nor wrong to find.
 */
function vocFigures(ctx: Context, o: Options, truth: CocoTruthFile, { images }: CocoResults) {
  const seen = images.map((image) => ({
    gt: image.groundTruth.map((g) => ({ classId: g.classId, box: g.box!, difficult: g.crowd === true })),
    dt: image.detections.map((d) => ({ classId: d.classId, box: d.box!, score: d.score })),
  }));
  const { mAP, perClass } = vocAveragePrecision(seen, { points: o.metric === 'voc07' ? 'eleven' : 'every', iouThreshold: o.iou, inclusivePixels: false });
  const found = new Map(perClass.map((c) => [c.classId, c]));
  const detections = new Map<unknown, number>();
  for (const { classId } of seen.flatMap((image) => image.dt)) detections.set(classId, (detections.get(classId) ?? 0) + 1);
  const perCategory = truth.categories.map(({ id, name }) => {
    const { ap = null, groundTruth = 0, truePositives = 0, falsePositives = 0 } = found.get(id) ?? {};
    return { id, name, AP: ap, groundTruth, detections: detections.get(id) ?? 0, truePositives, falsePositives };
  });
  ctx.out.table(['figure', 'value'], [['mAP', rounded(mAP)]]);
  ctx.out.table(['category', 'AP', 'objects', 'detections', 'right', 'wrong'], perCategory.filter((c) => c.groundTruth > 0 || c.detections > 0).map((c) => [c.name, rounded(c.AP), c.groundTruth, c.detections, c.truePositives, c.falsePositives]));
  return { mAP, ...(o.iou === 0.5 && { mAP50: mAP }), iou: o.iou, perCategory };
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

import { describe, expect, it } from 'vitest';
import { boxIou } from '@/lib/core/geometry';
import { Graph, gradients, ops, type Value } from '../graph';
import { assign, gridOf, targetShape, writeTargets, type TargetBox, type YoloLayout } from '../heads/yolo';
import { float32, number32 } from '../runtime/engine';
import { checkGradients, randomTensor, runWithOrt } from '../testing/gradcheck';
import { bceWithLogits, softmaxCrossEntropy } from './basic';
import { completeIou } from './boxes';
import { yoloLoss } from './yolo';

async function evaluate(f: (graph: Graph) => Record<string, Value>): Promise<Record<string, number[]>> {
  const graph = new Graph();
  // Something must be fed for a graph of constants to be worth a session.
  const results = await runWithOrt({ outputs: { ...f(graph), fed: ops.neg(graph.input('fed', [1])) } }, { fed: float32(new Float32Array(1), [1]) });
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, Array.from(data)]));
}
const list = (graph: Graph, values: number[]): Value => graph.constant(Float32Array.from(values), [values.length]);

describe('cross-entropies', () => {
  it('of logits agree with their definition and do not overflow', async () => {
    const { loss } = await evaluate((graph) => ({ loss: bceWithLogits(list(graph, [0, 2, -3, 100, -100]), list(graph, [0.5, 1, 1, 1, 1])) }));
    const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
    [Math.log(2), -Math.log(sigmoid(2)), -Math.log(sigmoid(-3)), 0, 100].forEach((expected, i) => expect(loss![i]).toBeCloseTo(expected, 4));
  });

  it('over classes agree with −log p of the true one, and with differences', async () => {
    const { loss } = await evaluate((graph) => ({
      loss: softmaxCrossEntropy(graph.constant(Float32Array.of(1, 2, 3, 1000, 0, 0), [2, 3]), graph.constant(Float32Array.of(0, 0, 1, 1, 0, 0), [2, 3])),
    }));
    expect(loss![0]).toBeCloseTo(Math.log(Math.exp(-2) + Math.exp(-1) + 1), 5);
    expect(loss![1]).toBeCloseTo(0, 5);
    const check = await checkGradients({ z: { shape: [4, 5], range: [-2, 2] } }, ({ z }) => softmaxCrossEntropy(z!, (z!.graph as Graph).constant(randomTensor([4, 5], 't', [0, 1]).data, [4, 5])));
    expect(check.engines).toBeLessThan(1e-4);
    expect(check.differences).toBeLessThan(1e-2);
  });
});

describe('complete IoU', () => {
  const boxes = (graph: Graph, [x, y, w, h]: number[]) => ({ x: list(graph, [x!]), y: list(graph, [y!]), w: list(graph, [w!]), h: list(graph, [h!]) });

  it('agrees with the formula worked by hand', async () => {
    const { iou, ciou } = await evaluate((graph) => completeIou(boxes(graph, [10, 10, 20, 10]), boxes(graph, [15, 10, 10, 20])) as unknown as Record<string, Value>);
    // Boxes [0, 20] × [5, 15] and [10, 20] × [0, 20]: they share 10 × 10; around both 20 × 20.
    const expectedIou = 100 / (200 + 200 - 100);
    const v = (4 / Math.PI ** 2) * (Math.atan(2) - Math.atan(0.5)) ** 2;
    const alpha = v / (1 - expectedIou + v);
    expect(iou![0]).toBeCloseTo(expectedIou, 5);
    expect(ciou![0]).toBeCloseTo(expectedIou - 25 / 800 - alpha * v, 5);
  });

  it('of a box with itself is 1, and apart falls with the distance', async () => {
    const { same, near, far } = await evaluate((graph) => ({
      same: completeIou(boxes(graph, [5, 5, 4, 8]), boxes(graph, [5, 5, 4, 8])).ciou,
      near: completeIou(boxes(graph, [5, 5, 4, 8]), boxes(graph, [15, 5, 4, 8])).ciou,
      far: completeIou(boxes(graph, [5, 5, 4, 8]), boxes(graph, [55, 5, 4, 8])).ciou,
    }));
    expect(same![0]).toBeCloseTo(1, 5);
    expect(near![0]).toBeLessThan(0);
    expect(far![0]).toBeLessThan(near![0]!);
  });
});

describe('the YOLO loss', () => {
  const layout: YoloLayout = { inputSize: { width: 96, height: 64 }, scales: [{ stride: 16, anchors: [{ w: 20, h: 30 }] }, { stride: 32, anchors: [{ w: 40, h: 40 }, { w: 64, h: 20 }] }], classes: 3 };
  const objects: TargetBox[] = [{ classIndex: 1, x0: 10, y0: 5, x1: 30, y1: 33 }, { classIndex: 2, x0: 50, y0: 20, x1: 93, y1: 60 }];
  const targetsOf = (batch: number, list_: TargetBox[]) => {
    const targets = layout.scales.map((_, s) => new Float32Array(targetShape(layout, s, batch).reduce((a, b) => a * b)));
    for (let n = 0; n < batch; n++) writeTargets(targets, n, assign(list_, layout).assignments, list_, layout);
    return targets;
  };
  const outputShape = (s: number, batch: number) => {
    const { rows, columns } = gridOf(layout, layout.scales[s]!);
    return [batch, rows, columns, layout.scales[s]!.anchors.length * 8];
  };

  it('is near zero for the right answer, and gradient descent on the outputs goes there', async () => {
    const targets = targetsOf(2, objects);
    const graph = new Graph();
    const outputs = [0, 1].map((s) => graph.input(`z${s}`, outputShape(s, 2)));
    const given = [0, 1].map((s) => graph.constant(targets[s]!, targetShape(layout, s, 2)));
    const { loss, parts } = yoloLoss(graph, outputs, given, layout, { iouAware: 0 });
    const derived = gradients(loss, outputs);
    // The box loss has a kink at the answer, so the rate must fall.
    const rate = graph.input('rate', []);
    const moved = outputs.map((z, s) => ops.sub(z, ops.mul(derived[s]!, rate)));
    const { ortEngine } = await import('../node/ortEngine');
    const executable = await ortEngine.compile({ outputs: { loss, ...parts }, state: { z0: moved[0]!, z1: moved[1]! } });
    const history: number[] = [];
    for (let i = 0; i < 800; i++) history.push((await executable.run({ rate: number32(2 * 0.992 ** i) })).loss!.data[0]!);
    expect(history.at(-1)).toBeLessThan(0.5);
    expect(history.at(-1)).toBeLessThan(history[0]! / 20);
    const { decode, suppress } = await import('../heads/yolo');
    const raw = [0, 1].map((s) => executable.readState(`z${s}`).data as Float32Array);
    const found = suppress(decode(raw, layout, { scoreThreshold: 0.5 }), 0.5);
    expect(found.map(({ classIndex }) => classIndex).sort()).toEqual([1, 2]);
    for (const box of found) {
      const truth = objects.find(({ classIndex }) => classIndex === box.classIndex)!;
      expect(boxIou(box, truth)).toBeGreaterThan(0.85);
    }
    await executable.dispose();
  });

  it.each(['ciou', 'squared'] as const)('has the right gradients with the %s box loss', async (box) => {
    const targets = targetsOf(2, objects);
    const check = await checkGradients({ z0: { shape: outputShape(0, 2) }, z1: { shape: outputShape(1, 2) } }, ({ z0, z1 }) => {
      const graph = z0!.graph as Graph;
      // Without the parts that are constant by intention (α of CIoU), differences see what the gradient sees only for squares.
      return yoloLoss(graph, [z0!, z1!], [0, 1].map((s) => graph.constant(targets[s]!, targetShape(layout, s, 2))), layout, { box, iouAware: 0 }).loss;
    });
    expect(check.engines).toBeLessThan(1e-4);
    if (box === 'squared') expect(check.differences).toBeLessThan(2e-2);
  });

  it('of an image without objects is objectness alone', async () => {
    const targets = targetsOf(1, []);
    const { box, objectness, class: classes } = await evaluate((graph) => {
      const { parts } = yoloLoss(graph, [0, 1].map((s) => graph.constant(randomTensor(outputShape(s, 1), `z${s}`).data, outputShape(s, 1))), [0, 1].map((s) => graph.constant(targets[s]!, targetShape(layout, s, 1))), layout);
      return parts;
    });
    expect(box![0]).toBe(0);
    expect(classes![0]).toBe(0);
    expect(objectness![0]).toBeGreaterThan(1);
  });
});

/**
 * Trained networks that come with the product and propose labels on the first day. One entry a network. Pure: pages list
 * them without loading a runtime.
 */
import { faces68 } from '@/lib/core/formats/landmarks-csv/faces68';
import { type ModelDesign, type TaskName } from '../../runtime/card';
import { COCO_CLASSES, PERSON_POINTS, PERSON_SWAPS } from './coco';

export interface Builtin {
  /** For settings and addresses. */
  name: string;
  title: string;
  description: string;
  task: TaskName;
  /** Licence and origin. */
  credits: string[];
  /** Names of its files in @vladmandic/human's folder of models, with what the names of their nodes get in front. */
  files: { file: string; prefix: string }[];
  /** What the card says; ids of classes are their names, until they are mapped to a project's. */
  design: ModelDesign;
}

/** Values as they are, black around: measured on CamVid, black finds 89 % of the cars' pixels, grey 77 %, stretching 65 %. */
const pixels = { fill: 0, mean: [0, 0, 0], deviation: [1, 1, 1] };
const face = faces68();
const MOVENET = 'StatefulPartitionedCall';

export const builtins: readonly Builtin[] = [
  {
    name: 'coco-objects',
    title: 'Everyday objects',
    description: 'Boxes around 80 kinds of things: people, animals, vehicles, food, furniture (the classes of COCO). CenterNet on MobileNet v3, 512×512.',
    task: 'detect',
    credits: ['CenterNet on MobileNet v3 by 610265158 (github.com/610265158/mobilenetv3_centernet), trained on COCO 2017, as packed in @vladmandic/human (MIT)'],
    files: [{ file: 'centernet', prefix: '' }],
    design: {
      task: 'detect',
      classes: COCO_CLASSES.map((name) => ({ id: name, name })),
      architecture: { backbone: 'mobilenet3-coco', head: 'centernet' },
      inputSize: { width: 512, height: 512 },
      normalisation: { ...pixels, resize: 'letterbox' },
      network: { runtime: 'graph', input: 'tower_0/images', outputs: ['tower_0/keypoints', 'tower_0/wh'] },
      head: { order: 'nhwc', stride: 4, classes: 80, logits: false, size: { fields: 4, unit: 'pixels' }, offset: false },
    },
  },
  {
    name: 'body-pose',
    title: 'Pose of a person',
    description: 'The 17 points of COCO on one person: eyes, ears, shoulders, elbows, wrists, hips, knees, ankles. MoveNet Lightning, 192×192.',
    task: 'landmarks',
    credits: ['MoveNet SinglePose Lightning by Google (Apache-2.0), as packed in @vladmandic/human (MIT)'],
    files: [{ file: 'movenet-lightning', prefix: '' }],
    design: {
      task: 'landmarks',
      classes: [{ id: 'person', name: 'person', points: [...PERSON_POINTS], swaps: [...PERSON_SWAPS] }],
      architecture: { backbone: 'mobilenet2', head: 'movenet' },
      inputSize: { width: 192, height: 192 },
      normalisation: { ...pixels, resize: 'letterbox' },
      network: {
        runtime: 'graph', input: 'input',
        outputs: [`${MOVENET}/Sigmoid`, `${MOVENET}/truediv_2`, `${MOVENET}/kpt_regress_0/conv2d_6/BiasAdd`, `${MOVENET}/kpt_offset_0/conv2d_7/BiasAdd`],
      },
      head: { points: 17, cells: 48, distance: 1.7998046875 },
    },
  },
  {
    name: 'face-landmarks',
    title: 'Landmarks of faces',
    description: 'The 68 points of iBUG on every face: jaw, brows, nose, eyes, lips. BlazeFace finds the faces, FaceMesh their points.',
    task: 'landmarks',
    credits: ['BlazeFace and FaceMesh by Google (MediaPipe, Apache-2.0), as packed in @vladmandic/human (MIT)'],
    files: [{ file: 'blazeface', prefix: 'faces/' }, { file: 'facemesh', prefix: 'mesh/' }],
    design: {
      task: 'landmarks',
      classes: [{ id: 'face', name: 'face', points: [...face.skeleton!.points], swaps: face.skeleton!.pairs.map(([a, b]) => [a, b]) }],
      architecture: { backbone: 'blazeface', head: 'face-mesh' },
      inputSize: { width: 256, height: 256 },
      normalisation: { resize: 'letterbox', fill: 0, mean: [127.5, 127.5, 127.5], deviation: [127.5, 127.5, 127.5] },
      network: {
        runtime: 'graph', input: 'faces/input', outputs: ['faces/Identity', 'faces/Identity_1', 'faces/Identity_2', 'faces/Identity_3'],
        refine: { input: 'mesh/input_1', outputs: ['mesh/Identity_2', 'mesh/Identity_1'], inputSize: { width: 192, height: 192 }, mean: [0, 0, 0], deviation: [255, 255, 255] },
      },
      head: {},
    },
  },
];

/** The built-in network of this name. Throws an Error that lists the known ones. */
export function builtinOf(name: string): Builtin {
  const found = builtins.find((builtin) => builtin.name === name);
  if (!found) throw new Error(`there is no built-in model ${name}; known are ${builtins.map((builtin) => builtin.name).join(', ')}`);
  return found;
}

export { COCO_CLASSES, PERSON_POINTS, PERSON_SWAPS } from './coco';

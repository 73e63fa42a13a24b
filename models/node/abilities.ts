/** What this installation of the library can train with, told to people who choose. */
import { type AugmentOptions } from '@/lib/core/augmentation';
import { backbones } from '../backbones';
import { type TaskName } from '../runtime/card';
import { tasks } from '../tasks';
import { type ModelDesign } from '../runtime/card';
import { engineFor } from './engines';

export interface Abilities {
  /** What computes; see `engineFor`. */
  engine: string;
  /** `augmentation`: at the beginning of a run, of classes that may be mirrored. */
  tasks: { name: TaskName; title: string; description: string; backbone: string; learningRate: number; batch: number; augmentation: AugmentOptions }[];
  /** `trained`: what the weights that come with it were trained on; null without. */
  backbones: { name: string; title: string; family: string; paper: string; multiple: number; minimalSize: number; usualSize: number; trained: string | null }[];
}

/** Without classes: what augmentation asks of a design is whether they may be mirrored. */
const ANY = { classes: [] as ModelDesign['classes'], inputSize: { width: 256, height: 256 } } as ModelDesign;

export async function abilities(): Promise<Abilities> {
  const engine = await engineFor();
  return {
    engine: engine.name,
    tasks: tasks().map(({ name, title, description, defaults, augmentation }) => ({ name, title, description, backbone: defaults.backbone, learningRate: defaults.learningRate, batch: defaults.batch, augmentation: augmentation(ANY, 0) })),
    backbones: Object.values(backbones).map(({ name, title, family, paper, multiple, minimalSize, usualSize, trained }) => ({ name, title, family, paper, multiple, minimalSize, usualSize, trained: trained?.on ?? null })),
  };
}

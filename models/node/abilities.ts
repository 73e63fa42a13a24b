/** What this installation of the library can train with, told to people who choose. */
import { backbones } from '../backbones';
import { type TaskName } from '../runtime/card';
import { tasks } from '../tasks';
import { engineFor } from './engines';

export interface Abilities {
  /** What computes; see `engineFor`. */
  engine: string;
  tasks: { name: TaskName; title: string; description: string; backbone: string; learningRate: number; batch: number }[];
  /** `trained`: what the weights that come with it were trained on; null without. */
  backbones: { name: string; title: string; family: string; paper: string; multiple: number; minimalSize: number; usualSize: number; trained: string | null }[];
}

export async function abilities(): Promise<Abilities> {
  const engine = await engineFor();
  return {
    engine: engine.name,
    tasks: tasks().map(({ name, title, description, defaults }) => ({ name, title, description, backbone: defaults.backbone, learningRate: defaults.learningRate, batch: defaults.batch })),
    backbones: Object.values(backbones).map(({ name, title, family, paper, multiple, minimalSize, usualSize, trained }) => ({ name, title, family, paper, multiple, minimalSize, usualSize, trained: trained?.on ?? null })),
  };
}

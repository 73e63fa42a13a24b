/** Optimizers and schedules by name, each with the numbers that it is usually run with. */
import { type OptimizerName, type ScheduleName } from '@/lib/core/labels';
import { adam, adamW, sgd, type Optimizer } from './optimizers';
import { constant, cosine, stepped, withWarmUp, type Schedule } from './schedules';

interface Recipe {
  /** For people. */
  title: string;
  make(): Optimizer;
  /** The usual peak rate, as a factor on the task's, which is one for Adam. */
  rate: number;
}

/** Those of Krizhevsky et al. 2012, who began at a rate of 0.01. */
const momentum = { momentum: 0.9, weightDecay: 5e-4 };
export const optimizers: Readonly<Record<OptimizerName, Recipe>> = {
  adamw: { title: 'AdamW', make: () => adamW({ weightDecay: 0.02 }), rate: 1 },
  adam: { title: 'Adam', make: () => adam(), rate: 1 },
  sgd: { title: 'SGD with momentum', make: () => sgd(momentum), rate: 5 },
  nesterov: { title: 'SGD with Nesterov momentum', make: () => sgd({ ...momentum, nesterov: true }), rate: 5 },
};

/** Shares of the run after which a tenth of the rate is left each time: those of Darknet's settings for YOLOv3. */
const STEPS = [0.8, 0.9];
/** Share of the run over which the rate rises. */
const WARM_UP = 0.05;

const schedules: Readonly<Record<ScheduleName, (rate: number) => Schedule>> = {
  cosine: (rate) => cosine(rate),
  step: (rate) => stepped(rate, STEPS),
  constant,
};

/** What a training may be asked for; what is left out is as usual. */
export interface RecipeOptions {
  /** Peak learning rate. Default: the task's, made to suit the optimizer. */
  learningRate?: number;
  /** Default `adamw`. */
  optimizer?: OptimizerName;
  /** How the learning rate goes, after a rise over the first twentieth of the run. Default `cosine`. */
  schedule?: ScheduleName;
}

export const optimizerOf = ({ optimizer = 'adamw' }: RecipeOptions): Optimizer => optimizers[optimizer].make();

/** The learning rate over the whole run. `usual` is the task's peak. */
export const scheduleOf = ({ learningRate, optimizer = 'adamw', schedule = 'cosine' }: RecipeOptions, usual: number): Schedule =>
  withWarmUp(schedules[schedule](learningRate ?? usual * optimizers[optimizer].rate), WARM_UP);

/** A sentence about what differs from the usual; null where nothing does. */
export function recipeNote({ optimizer = 'adamw', schedule = 'cosine' }: RecipeOptions): string | null {
  if (optimizer === 'adamw' && schedule === 'cosine') return null;
  const course = { cosine: 'falls along a cosine', step: `falls to a tenth after ${STEPS.map((share) => `${100 * share} %`).join(' and ')} of the run`, constant: 'stays' }[schedule];
  return `As asked: ${optimizers[optimizer].title}; the learning rate ${course}.`;
}

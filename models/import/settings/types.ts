/**
 * What is to be known of an output layout before a model runs: what it is called, which outputs it reads, what of it a person may
 * set, and whether that fits the outputs of a model. Pure: pages list and check settings without loading a runtime. Reading the
 * numbers themselves is in `../layouts`.
 */
import type { z } from 'zod';
import type { Size } from '../../data/letterbox';
import type { TaskName } from '../../runtime/card';

/** An output with the shape that it had on a trial run, batch first. */
export interface OutputPort {
  name: string;
  shape: readonly number[];
  /** As ONNX Runtime calls it: `float32`, `int64` … */
  type?: string;
}

/** What is known of a model beside its outputs. */
export interface Hints {
  inputSize: Size;
  /** As the file has them: Ultralytics' exporters write `task`, `names`, `kpt_shape` … */
  metadata: Readonly<Record<string, string>>;
  /** Names of the classes, where the file has them. */
  names?: readonly string[] | null;
}

export interface Recognised<Head = unknown> {
  head: Head;
  /** Names of the outputs that are read, in the order of the layout. */
  outputs: string[];
  /** How many classes the outputs tell apart; 0: they do not say. */
  classes: number;
  /** Points of a skeleton, for pose models. */
  points?: number;
}

/** A setting that a person may choose. `path` leads into the head; its dots, into what the head holds. */
export type Field = {
  path: string;
  label: string;
  description?: string;
  /** Whether it means anything with the other settings. Default: always. */
  shown?: (head: Readonly<Record<string, unknown>>) => boolean;
} & (
  | { kind: 'switch' }
  | { kind: 'choice'; options: readonly { value: unknown; label: string }[] }
  | { kind: 'number'; min: number; max: number; step: number }
);

/** What settings are to fit. */
export interface Fitting {
  /** The chosen outputs, in the order of the layout. */
  ports: readonly OutputPort[];
  inputSize: Size;
  /** Classes that are named. */
  classes: number;
  /** Points that are named. */
  points: number;
}

/** Settings with all that follows from the outputs' shapes; or what does not fit, in words, and perhaps how many classes would. */
export type Fitted<Head = unknown> = { head: Head } | { problem: string; classes?: number };

export interface LayoutSettings<Head = unknown> {
  /** Name in the card's `architecture.head`. */
  readonly name: string;
  readonly title: string;
  /** For people: which models have it. */
  readonly description: string;
  readonly task: TaskName;
  readonly headSchema: z.ZodType<Head>;
  /** The outputs it reads, in order. */
  readonly roles: readonly { title: string; optional?: boolean }[];
  readonly fields: readonly Field[];
  /** How outputs of these shapes would be read, or null where they cannot be told to be of this layout. */
  recognise(outputs: readonly OutputPort[], hints: Hints): Recognised<Head> | null;
  /** Settings to begin with where a person says that the model has this layout. There is at least one output. */
  suggest(outputs: readonly OutputPort[], hints: Hints): Recognised<Head>;
  fit(head: Head, fitting: Fitting): Fitted<Head>;
}

/** An output as people read it. */
export const shownPort = ({ name, shape }: OutputPort): string => `${name} [${shape.join(', ')}]`;

/** That as many classes should be named as the outputs tell apart. */
export const wrongCount = (port: OutputPort, told: number, named: number): { problem: string; classes: number } => ({
  problem: `The output ${shownPort(port)} tells ${told} ${told === 1 ? 'class' : 'classes'} apart, ${named} ${named === 1 ? 'is' : 'are'} named. Name them all, in the order of its outputs, or change how it is read.`,
  classes: told,
});

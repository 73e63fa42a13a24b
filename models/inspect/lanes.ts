/**
 * Branches of a network as lines beside its list of layers, as git draws a history: a value runs down in a lane of its own from
 * the layer that makes it to the last one that reads it.
 */
import { type LayerReport, type NetworkReport } from './schema';

/** One row of the drawing: what happens between the row above and the row below. */
export interface LaneRow {
  /** Lane of the layer's own value. */
  lane: number;
  /** Lanes that pass by. */
  passing: number[];
  /** Lanes of the values that the layer reads, which end here or (if they pass, too) are read again further down. */
  read: number[];
  /** Whether something below reads the layer. */
  goesOn: boolean;
}

export interface Lanes {
  /** Most lanes side by side. */
  width: number;
  rows: LaneRow[];
}

/** Lanes of the layers in the network's order. */
export function lanesOf({ layers, inputs }: Pick<NetworkReport, 'inputs'> & { layers: readonly Pick<LayerReport, 'name' | 'inputs'>[] }): Lanes {
  const lastReader = new Map<string, number>();
  layers.forEach((layer, row) => layer.inputs.forEach((name) => lastReader.set(name, row)));
  /** What runs in each lane; null: free. */
  const lanes: (string | null)[] = [];
  const take = (name: string): number => {
    const free = lanes.indexOf(null);
    const lane = free < 0 ? lanes.length : free;
    lanes[lane] = name;
    return lane;
  };
  for (const { name } of inputs) if (lastReader.has(name)) take(name);
  let width = lanes.length;
  const rows = layers.map((layer, row): LaneRow => {
    const read = [...new Set(layer.inputs.flatMap((name) => {
      const lane = lanes.indexOf(name);
      return lane < 0 ? [] : [lane];
    }))].sort((a, b) => a - b);
    for (const lane of read) if (lastReader.get(lanes[lane]!) === row) lanes[lane] = null;
    const passing = lanes.flatMap((name, lane) => (name === null ? [] : [lane]));
    const ended = read.find((lane) => lanes[lane] === null);
    const goesOn = (lastReader.get(layer.name) ?? -1) > row;
    const free = lanes.indexOf(null);
    // In the lane of what it read last, so that a chain is one straight line.
    const lane = ended ?? (free < 0 ? lanes.length : free);
    lanes[lane] = goesOn ? layer.name : null;
    width = Math.max(width, lane + 1, lanes.length);
    return { lane, passing, read, goesOn };
  });
  return { width, rows };
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lanesOf } from './lanes';

const inputs = [{ name: 'image', shape: [8, 8, 3] }];
const draw = (...layers: [string, ...string[]][]) => lanesOf({ inputs, layers: layers.map(([name, ...read]) => ({ name, inputs: read })) });

describe('lanes', () => {
  it('of a chain are one straight line', () => {
    expect(draw(['a', 'image'], ['b', 'a'], ['c', 'b'])).toEqual({ width: 1, rows: [
      { lane: 0, passing: [], read: [0], goesOn: true }, { lane: 0, passing: [], read: [0], goesOn: true }, { lane: 0, passing: [], read: [0], goesOn: false },
    ] });
  });

  it('of a shortcut run beside the branch and end where both are added', () => {
    const { width, rows } = draw(['a', 'image'], ['conv1', 'a'], ['conv2', 'conv1'], ['add', 'a', 'conv2'], ['end', 'add']);
    expect(width).toBe(2);
    expect(rows.slice(1)).toEqual([
      { lane: 1, passing: [0], read: [0], goesOn: true }, { lane: 1, passing: [0], read: [1], goesOn: true },
      { lane: 0, passing: [], read: [0, 1], goesOn: true }, { lane: 0, passing: [], read: [0], goesOn: false },
    ]);
  });

  it('of outputs end, and leave their place to others', () => {
    const { width, rows } = draw(['a', 'image'], ['head', 'a'], ['b', 'a'], ['c', 'a', 'b']);
    expect(rows.map(({ lane, goesOn }) => [lane, goesOn])).toEqual([[0, true], [1, false], [1, true], [0, false]]);
    expect(width).toBe(2);
  });

  it('never cross two values, and lead from each layer to all that read it', () => {
    // Each layer reads one to three of those above it.
    const network = fc.array(fc.array(fc.nat(1000), { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 40 });
    fc.assert(fc.property(network, (reads) => {
      const names = ['image', ...reads.map((_, i) => `l${i}`)];
      const layers = reads.map((of, i) => ({ name: `l${i}`, inputs: [...new Set(of.map((n) => names[n % (i + 1)]!))] }));
      const { width, rows } = lanesOf({ inputs, layers });
      let running = new Map<number, string>(layers.some((l) => l.inputs.includes('image')) ? [[0, 'image']] : []);
      rows.forEach(({ lane, passing, read, goesOn }, i) => {
        expect(read.map((l) => running.get(l)).sort()).toEqual([...layers[i]!.inputs].sort());
        const next = new Map(passing.map((l) => [l, running.get(l)!]));
        expect([...next.values()].every((name) => layers.slice(i + 1).some((l) => l.inputs.includes(name)))).toBe(true);
        expect(next.has(lane)).toBe(false);
        if (goesOn) next.set(lane, `l${i}`);
        running = next;
        expect(Math.max(lane, ...passing, ...read)).toBeLessThan(width);
      });
      expect(running.size).toBe(0);
    }));
  });
});

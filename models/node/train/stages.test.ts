import { describe, expect, it } from 'vitest';
import { chooseDepth, spanOf, stagesOf } from './stages';

describe('how deep a training goes', () => {
  it('grows with the labelled images, and is all of it without trained weights', () => {
    expect([10, 39, 40, 149, 150, 5000].map((n) => chooseDepth(n, true).depth)).toEqual(['head', 'head', 'partial', 'partial', 'full', 'full']);
    expect(chooseDepth(10, false).depth).toBe('full');
    expect(chooseDepth(20, true).why).toContain('20 labelled images');
  });

  it('is reached in stages that train more and more, and fill the run', () => {
    for (const depth of ['head', 'partial', 'full'] as const) {
      const stages = stagesOf(depth, true, 10);
      const blocks = stages.map((stage) => stage.blocks);
      expect(blocks).toEqual([...blocks].sort((a, b) => a - b));
      expect(stages.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
      expect(spanOf(stages, 0).from).toBe(0);
      stages.forEach((_, i) => i > 0 && expect(spanOf(stages, i).from).toBeCloseTo(spanOf(stages, i - 1).to, 12));
      expect(spanOf(stages, stages.length - 1).to).toBe(1);
    }
    expect(stagesOf('head', false, 10)).toMatchObject([{ blocks: 10, share: 1 }]);
    expect(stagesOf('partial', true, 10).at(-1)!.blocks).toBe(4);
  });
});

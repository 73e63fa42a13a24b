import { describe, expect, it } from 'vitest';
import { backbones } from '../backbones';
import { designOf } from '../testing/classDesign';
import { classify } from '../tasks/classify';
import { inspectBackbone, type BackboneChoice } from './backbone';
import { networkReportSchema } from './schema';

const classes = [{ id: 'a', name: 'A', points: ['left', 'right'] }, { id: 'b', name: 'B', points: ['one', 'two', 'three'] }];
const choice: BackboneChoice = { task: 'detect', backbone: 'compact', inputSize: { width: 128, height: 96 }, classes };

describe('a network before its training', () => {
  it.each(['classify', 'localize', 'detect', 'segment', 'landmarks'] as const)('is drawn for the task %s', (task) => {
    const report = networkReportSchema.parse(inspectBackbone({ ...choice, task }));
    expect(report.inputs.map((i) => i.shape)).toEqual([[96, 128, 3]]);
    expect(report.totals.parameters).toBeGreaterThan(1000);
    expect(report.layers.reduce((sum, l) => sum + l.parameters, 0)).toBe(report.totals.parameters);
    expect(report.timing).toBeNull();
  });

  it('is the one that is trained', () => {
    const design = designOf('classify', { labelSmoothing: 0 }, { classes, backbone: 'mobilenet2', size: 64 });
    const model = classify.build(design, backbones.mobilenet2!, 1);
    const { totals } = inspectBackbone({ ...choice, task: 'classify', backbone: 'mobilenet2', inputSize: design.inputSize });
    expect(totals.parameters).toBe(model.countParams());
    model.dispose();
  });

  it('grows with what is to be learned', () => {
    const outputs = (of: Partial<BackboneChoice>) => inspectBackbone({ ...choice, ...of }).totals.parameters;
    expect(outputs({})).toBeGreaterThan(outputs({ classes: classes.slice(0, 1) }));
    expect(inspectBackbone({ ...choice, inputSize: { width: 256, height: 192 } }).totals.multiplications).toBe(4 * inspectBackbone(choice).totals.multiplications);
  });

  it('that cannot be is refused with the reason', () => {
    expect(() => inspectBackbone({ ...choice, backbone: 'nonesuch' })).toThrow('The backbone nonesuch is unknown');
    expect(() => inspectBackbone({ ...choice, inputSize: { width: 100, height: 100 } })).toThrow(/must be a multiple of \d+, not 100×100/);
    expect(() => inspectBackbone({ ...choice, backbone: 'vgg19', inputSize: { width: 0, height: 0 } })).toThrow('needs an input of at least');
  });
});

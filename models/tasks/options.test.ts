import { describe, expect, it } from 'vitest';
import { taskOptions } from './options';
import { taskOf, tasks } from '.';

describe('settings of a task', () => {
  it.each(tasks().map((task) => [task.name, task] as const))('of %s: what is unknown is refused, with the names of what is known', (name, task) => {
    expect(() => taskOptions(task, { nosuch: 1 })).toThrow(new RegExp(`^There is no setting nosuch\\. The task ${name} has \\S`));
    expect(taskOptions(task)).toEqual(taskOptions(task, {}));
  });

  it('say what was misspelt, and which there are', () => {
    expect(() => taskOptions(taskOf('segment'), { outputstride: 1, neck: 0.5, smooth: 2 }))
      .toThrow('There is no setting outputstride or smooth. The task segment has background, instances, neck, minArea, outputStride, upsampling.');
    expect(() => taskOptions(taskOf('localize'), { anchorCount: 3 })).toThrow('There is no setting anchorCount. The task localize has no settings of its own.');
  });

  it('say which value does not do', () => {
    expect(() => taskOptions(taskOf('segment'), { outputStride: 3 })).toThrow(/^The setting outputStride of the task segment does not do: .*1\|2\|4/);
    expect(() => taskOptions(taskOf('detect'), { anchors: [{ w: 10, h: -1 }] })).toThrow(/^The setting anchors\.0\.h of the task detect does not do: .+\.$/);
  });

  it('have defaults', () => {
    expect(taskOptions(taskOf('detect'))).toEqual({ anchorCount: 6, box: 'ciou' });
    expect(taskOptions(taskOf('detect'), { anchorCount: 9, box: 'squared' })).toEqual({ anchorCount: 9, box: 'squared' });
    expect(taskOptions(taskOf('landmarks'))).toEqual({ head: 'heatmaps' });
  });
});

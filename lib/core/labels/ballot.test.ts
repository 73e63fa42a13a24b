import { expect, it } from 'vitest';
import { ballotOf } from './ballot';

const trained = { task: 'detect', architecture: { backbone: 'resnet18', head: 'yolo' }, head: { background: true } };
const uploaded = { ...trained, architecture: { backbone: 'pytorch', head: 'yolov8' }, network: { runtime: 'onnx' } };

it('models that were trained here vote together, whatever they are built on', () => {
  expect(ballotOf({ ...trained, architecture: { backbone: 'vgg16', head: 'other' } })).toBe(ballotOf(trained));
});

it('outputs that are read otherwise cannot be averaged', () => {
  const ballots = [trained, uploaded, { ...uploaded, architecture: { head: 'yolov5' } }, { ...trained, task: 'segment' }, { ...trained, task: 'segment', head: { background: false } }].map(ballotOf);
  expect(new Set(ballots).size).toBe(ballots.length);
});

it('a map of class numbers has always a place for none', () => {
  const map = (head: object) => ballotOf({ ...uploaded, task: 'segment', head });
  expect(map({ order: 'index', background: false })).toBe(map({ order: 'nchw', background: true }));
});

it('what looks twice votes with none, and any card has an answer', () => {
  expect(ballotOf({ ...trained, network: { runtime: 'graph', refine: {} } })).toBeNull();
  expect(ballotOf(null)).toBe(ballotOf({}));
});

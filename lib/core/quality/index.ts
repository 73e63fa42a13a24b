export * from './accumulator';
export { matchGreedily, matchOptimally, type Candidate } from './assignment';
export { ClusteredShare, wilsonInterval, type Interval } from './interval';
export * from './match';
export type { Comparable, LandmarkOptions } from './similarity';

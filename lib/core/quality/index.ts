export * from './accumulator';
export { matchGreedily, matchOptimally, type Candidate } from './assignment';
export { ClusteredShare, wilsonInterval, type Interval } from './interval';
export * from './match';
export { similarGeometries, type Comparable, type LandmarkOptions } from './similarity';

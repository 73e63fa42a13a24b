export { buildHeatmaps, readHeatmaps, type HeatmapLayout } from './heatmaps';
export { landmarkTarget, landmarkWeights, offsetsOf, outputsOf, pointsOf, type InputPoint, type InputPoints, type LandmarkClass, type LandmarkLayout } from './layout';
export { buildRegression, readRegression } from './regression';

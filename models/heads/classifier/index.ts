export { buildClassifier, withoutSideBranches, type ClassifierLayout } from './buildClassifier';

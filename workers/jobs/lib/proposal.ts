/** Labels of a model as proposals: the browser's are made the same way. */
export { proposalOf } from '@/models/node';

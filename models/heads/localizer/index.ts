export { buildLocalizer } from './buildLocalizer';
export { BOX_FIELDS, edgesOf, fieldsOf, PRESENCE, writeTarget } from './target';

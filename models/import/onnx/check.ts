/** Which uploaded models are run at all. */
import { type OnnxModel } from './read';

/** The model is refused; the message is for the person who uploaded it. */
export class ModelRefused extends Error {
  override readonly name = 'ModelRefused';
}

/** Operators of ONNX itself, and those of ONNX Runtime that exporters write for speed and small numbers. */
const DOMAINS = new Set(['', 'ai.onnx', 'com.microsoft']);
/** What may run without end, or call something outside the model. */
const REFUSED = new Set(['Loop', 'Scan', 'SequenceMap', 'PyOp', 'TfIdfVectorizer']);
const NEWEST_IR = 13;

export const MAX_ONNX_BYTES = 512 * 2 ** 20;

/** Throws a `ModelRefused` that says what is wrong and what to do, unless the model may be run. */
export function checkOnnx(model: OnnxModel): void {
  const external = model.initializers.find((tensor) => tensor.external);
  if (external) {
    throw new ModelRefused(`The weight "${external.name}" lies in another file. Save the model with its weights inside (onnx.save(model, file, save_as_external_data=False)) and upload that.`);
  }
  if (model.sparse > 0) throw new ModelRefused('The model has sparse tensors, which are not read here. Export it with ordinary (dense) weights.');
  if (model.functions > 0) throw new ModelRefused('The model defines functions of its own. Export it with them inlined (onnx.inliner.inline_local_functions).');
  const used = new Set([...model.nodes.map(({ domain, opType }) => `${domain}:${opType}`), ...model.nested]);
  for (const key of used) {
    const [domain, opType] = [key.slice(0, key.indexOf(':')), key.slice(key.indexOf(':') + 1)];
    if (!DOMAINS.has(domain)) throw new ModelRefused(`The operator ${opType} of "${domain}" is not one of ONNX's own and cannot be run here. Export the model with standard operators only.`);
    if (REFUSED.has(opType)) throw new ModelRefused(`The operator ${opType} is not run here: it can go on without end. Export the model without it (without its non-max suppression, for example).`);
  }
  if (model.irVersion > NEWEST_IR) throw new ModelRefused(`The file is of ONNX IR version ${model.irVersion}; up to ${NEWEST_IR} can be read. Export it with an older opset.`);
  if (model.nodes.length === 0) throw new ModelRefused('The model computes nothing: it has no nodes.');
  if (model.outputs.length === 0) throw new ModelRefused('The model has no output.');
}

/** The views a network gets of one image: decoded and reduced by sharp, drawn as everywhere. */
import { reducedSize, viewsOf, type Viewed } from '../../inference/frames';
import { type ImageSource, type Viewing } from '../../inference/types';
import { type ModelDesign } from '../../runtime/card';
import { decodeToFit } from '../data/decode';

export { framesOf, type Viewed } from '../../inference/frames';

/** Decodes an image once and gives its views as network inputs (`height · width · 3` bytes each). */
export async function viewImage(source: ImageSource, design: Pick<ModelDesign, 'inputSize' | 'normalisation'>, viewing: Viewing): Promise<Viewed> {
  const { image, full } = await decodeToFit(source, (size) => reducedSize(size, design, viewing));
  return viewsOf(image, full, design, viewing);
}

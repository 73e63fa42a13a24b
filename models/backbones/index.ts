/** The registry of backbones. A new one is one file and one entry. */
import { alexnet } from './alexnet';
import { compact } from './compact';
import { efficientnets } from './efficientnet';
import { googlenets } from './googlenet';
import { lenet5, lenetStyle } from './lenet';
import { mobilenet1 } from './mobilenet1';
import { mobilenet2 } from './mobilenet2';
import { mobilenet3, mobilenet3Coco } from './mobilenet3';
import { resnets } from './resnet';
import { type Backbone } from './types';
import { unets } from './unet';
import { vggs } from './vgg';

const all: Backbone[] = [compact, mobilenet1, mobilenet2, mobilenet3, mobilenet3Coco, ...efficientnets, ...resnets, ...googlenets, ...vggs, ...unets, alexnet, lenet5, lenetStyle];

export const backbones: Readonly<Record<string, Backbone>> = Object.fromEntries(all.map((backbone) => [backbone.name, backbone]));
export { blockOf, unfreeze } from './unfreeze';
export type { Backbone, BuildOptions, FeatureMap, Features, TrainedWeights } from './types';

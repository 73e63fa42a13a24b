export { buildUnet, UNET_OUTPUT, type UnetLayout } from './buildUnet';
export { unetDecoder, upsamplings, type DecoderOptions, type Upsampling } from './decoder';

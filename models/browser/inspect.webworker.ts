/** The thread that builds a network to look at it: the larger ones take seconds. */
import { inspectBackbone, type BackboneChoice } from '../inspect/backbone';
import { type InspectAnswer } from './inspect';

self.addEventListener('message', ({ data }: MessageEvent<BackboneChoice>) => {
  const post = (answer: InspectAnswer) => self.postMessage(answer);
  try {
    post({ report: inspectBackbone(data) });
  } catch (error) {
    post({ fault: error instanceof Error ? error.message : String(error) });
  }
});

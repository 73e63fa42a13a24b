/**
 * tfjs as this library uses it: layers to define, store and load models, on its plain `cpu` backend. Heavy computation
 * never runs here, but in an engine.
 */
import * as tf from '@tensorflow/tfjs';
import './layers';

// Without this every process prints an advertisement for another backend.
tf.env().set('PROD', true);
// Others may be registered beside it; models are read and written before any of them has started.
void tf.setBackend('cpu');

export { tf };
export type LayersModel = tf.LayersModel;

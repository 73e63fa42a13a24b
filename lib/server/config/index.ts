import { loadConfig, type Config } from './schema';

export { ConfigError, loadConfig, settings, type Config, type Setting, type SettingName } from './schema';
export { secret } from './secret';

const KEY = Symbol.for('fieldmark.config');
type Holder = { [KEY]?: Config };

/** The settings of this process, read from the environment once. */
export function config(): Config {
  return ((globalThis as Holder)[KEY] ??= loadConfig());
}

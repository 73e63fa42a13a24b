/**
 * Begins the scripts: `node scripts/node.cjs start …` runs scripts/start.mjs. A Node.js that is too old cannot even read the
 * others, so this one is written for any: it says which version is needed, or goes on.
 */
'use strict';
var path = require('path');
var url = require('url');

var MINIMUM = [20, 19];

/** What to tell who has this version of Node.js; null when it is new enough. */
function problem(version) {
  var parts = version.split('.').map(Number);
  if (parts[0] > MINIMUM[0] || (parts[0] === MINIMUM[0] && parts[1] >= MINIMUM[1])) return null;
  return 'Node.js ' + MINIMUM.join('.') + ' or newer is needed; this is ' + version + '. Install a current one from https://nodejs.org (or "nvm install 22"), then try again.';
}

/** Runs a script of this folder with the arguments that are left. */
function run(name) {
  var tooOld = problem(process.versions.node);
  if (tooOld) {
    process.stderr.write('Fieldmark: ' + tooOld + '\n');
    process.exitCode = 1;
    return;
  }
  process.argv[1] = path.join(__dirname, name + '.mjs');
  import(url.pathToFileURL(process.argv[1]).href);
}

module.exports = { problem: problem, run: run };
if (require.main === module) run(process.argv.splice(2, 1)[0]);

#!/usr/bin/env node
/** The command `fieldmark`: scripts/fieldmark.mjs, once Node.js is found to be new enough. */
'use strict';
require('./node.cjs').run('fieldmark');

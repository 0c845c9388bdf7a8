#!/usr/bin/env node
// Every version of Node can run this file. If the version is too old for the rest, it says so before it loads the rest.
/* oxlint-disable no-var, prefer-template */
var NEEDED = [24, 12];
var found = process.versions.node.split('.');
var major = Number(found[0]);

if (major > NEEDED[0] || (major === NEEDED[0] && Number(found[1]) >= NEEDED[1])) {
  import('./main.ts').then(
    function (program) {
      return program.run(process.argv.slice(2));
    },
    function (error) {
      console.error('portvakt cannot be loaded: ' + (error && error.code));
      process.exitCode = 1;
    },
  );
} else {
  console.error(
    'portvakt needs Node ' +
      NEEDED.join('.') +
      ' or newer, and this is Node ' +
      process.versions.node +
      ' (' +
      process.execPath +
      '). Install a newer one from https://nodejs.org, or run the container image, which brings its own.',
  );
  process.exitCode = 2;
}

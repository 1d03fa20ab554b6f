// The page that shows a desktop: one script and one style sheet a viewer, which the server puts into one answer
// (jupyter_agent/server/desktop/viewer.py). noVNC goes in as it is published, with its licences beside it.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { rspack } from '@rspack/core';

const VIEWERS = ['vnc', 'cdp'];
const outDir = resolve(import.meta.dirname, '../jupyter_agent/desktop/static');
const noVnc = join(import.meta.dirname, 'node_modules/@novnc/novnc');
mkdirSync(outDir, { recursive: true });

const compiler = rspack({
  mode: 'production',
  context: import.meta.dirname,
  entry: Object.fromEntries(VIEWERS.map(name => [name, `./src/viewer/${name}.ts`])),
  target: ['web', 'es2022'],
  devtool: false,
  performance: { hints: false },
  experiments: { topLevelAwait: true },
  output: {
    path: outDir,
    filename: '[name].js',
    module: true,
    chunkFormat: 'module',
    library: { type: 'module' },
    clean: false
  },
  // The package exports its client alone; the keyboard inside it is needed by itself as well.
  resolve: {
    alias: {
      'novnc-keyboard': join(noVnc, 'core/input/keyboard.js'),
      'novnc-keysyms': join(noVnc, 'core/input/keysymdef.js')
    }
  },
  module: {
    rules: [
      {
        test: /\.ts$/,
        loader: 'builtin:swc-loader',
        options: { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } },
        type: 'javascript/esm'
      }
    ]
  }
});

compiler.run((error, stats) => {
  if (error || stats?.hasErrors()) {
    console.error(error ?? stats.toString('errors-only'));
    process.exitCode = 1;
  } else {
    for (const name of VIEWERS) {
      const script = join(outDir, `${name}.js`);
      // Inside a page a script ends where this stands, whatever is around it.
      writeFileSync(script, readFileSync(script, 'utf8').replaceAll('</script', '<\\/script'));
      copyFileSync(join(import.meta.dirname, `style/viewer.css`), join(outDir, `${name}.css`));
    }
    writeFileSync(join(outDir, 'LICENSES.txt'), licences());
  }
  compiler.close(() => {});
});

function licences() {
  const { version } = JSON.parse(readFileSync(join(noVnc, 'package.json'), 'utf8'));
  const parts = [
    `vnc.js is built from labextension/src/viewer and contains noVNC ${version}, unmodified: Mozilla Public License\n` +
      `2.0, its source at https://github.com/novnc/noVNC/tree/v${version} and in the npm package @novnc/novnc.\n` +
      'noVNC contains pako (vendor/pako, MIT and Zlib).'
  ];
  for (const name of ['AUTHORS', 'LICENSE.txt', 'docs/LICENSE.MPL-2.0', 'vendor/pako/LICENSE']) {
    parts.push(`${name}\n\n${readFileSync(join(noVnc, name), 'utf8').trim()}`);
  }
  return `${parts.join('\n\n---\n\n')}\n`;
}

// The notebook widget's ESM: one file, no imports, because a kernel hands it to the page as text.
// The bundler is the one that @jupyter/builder already brings.
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { BannerPlugin, rspack } from '@rspack/core';
import bundle from './bundle.cjs';

const outDir = resolve(import.meta.dirname, '../jupyter_agent/kernel');
mkdirSync(outDir, { recursive: true });

// The licences ask that their text goes where the code goes; the extension's bundle, in the same
// wheel, holds the same packages.
const notices = ['hpke', '@panva/hpke-noble', '@noble/ciphers', '@noble/curves', '@noble/hashes']
  .map(name => {
    const folder = join(import.meta.dirname, 'node_modules', name);
    const file = readdirSync(folder).find(entry => /^licen[sc]e/i.test(entry));
    return `${name}\n\n${readFileSync(join(folder, file), 'utf8').trim()}`;
  })
  .join('\n\n---\n\n');

const compiler = rspack({
  mode: 'production',
  context: import.meta.dirname,
  entry: './src/widget/entry.ts',
  target: ['web', 'es2022'],
  devtool: false,
  performance: { hints: false },
  output: {
    path: outDir,
    filename: 'entry.js',
    module: true,
    library: { type: 'module' },
    clean: false
  },
  plugins: [
    new BannerPlugin({
      banner: `/*! Built from labextension/src/widget. It contains:\n\n${notices}\n*/`,
      raw: true,
      stage: 5000 // behind the minimizer
    })
  ],
  module: {
    rules: [
      ...bundle.module.rules,
      {
        test: /\.ts$/,
        loader: 'builtin:swc-loader',
        options: { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } },
        type: 'javascript/esm'
      },
      { test: /\.css$/, type: 'asset/source' }
    ]
  }
});

compiler.run((error, stats) => {
  if (error || stats?.hasErrors()) {
    console.error(error ?? stats.toString('errors-only'));
    process.exitCode = 1;
  }
  compiler.close(() => {});
});

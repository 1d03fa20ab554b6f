// The notebook widget's ESM: one file, no imports, because a kernel hands it to the page as text.
// The bundler is the one that @jupyter/builder already brings.
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { rspack } from '@rspack/core';
import bundle from './bundle.cjs';

const outDir = resolve(import.meta.dirname, '../jupyter_agent/kernel');
mkdirSync(outDir, { recursive: true });

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

// The broker's own code, asked from here: the other half of what both sides must agree on.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');

/** Run a Python program; its standard input is JSON, its standard output is the answer. */
export function python(program: string, input: unknown): string {
  const own = join(root, '.venv/bin/python');
  const interpreter = process.env.PYTHON ?? (existsSync(own) ? own : 'python3');
  const run = spawnSync(interpreter, ['-c', program], {
    cwd: root,
    input: JSON.stringify(input),
    encoding: 'utf8'
  });
  if (run.status !== 0) {
    throw new Error(`${interpreter} failed: ${run.stderr || run.error}`);
  }
  return run.stdout;
}

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { visible, words } from '../src/approval/visible.ts';
import { labelProblem, tidyLabel } from '../src/label.ts';
import { ago, countdown } from '../src/secrets/when.ts';
import { python } from './python.ts';

test('characters that hide or reorder a script are spelled out', () => {
  assert.equal(visible('curl \u202egro.live\u202c x'), 'curl ⟨U+202E⟩gro.live⟨U+202C⟩ x');
  assert.equal(visible('a\u200bb\r\nc'), 'a⟨U+200B⟩b⟨U+000D⟩\nc');
  assert.equal(visible('a\u2800\u3164b'), 'a⟨U+2800⟩⟨U+3164⟩b');
  assert.equal(visible('x\u{e0041}'), 'x⟨U+E0041⟩');
  assert.equal(visible('\techo "ä → \u{1f511}"\n'), '\techo "ä → \u{1f511}"\n');
});

test('a command given as words is shown so that a shell would read the same words', () => {
  const argv = ['curl', '-H', "it's $HOME `x`", '', 'a b\nc'];
  const run = spawnSync('bash', ['-c', `printf '%s\\0' ${words(argv)}`], { encoding: 'utf8' });
  assert.deepEqual(run.stdout.split('\0').slice(0, -1), argv);
});

test('the page and the broker agree on what a label is', () => {
  const texts = [
    'A',
    'GITHUB_TOKEN',
    'A1_',
    '',
    'a',
    '1A',
    '_A',
    'A-B',
    'Ä',
    'A\n',
    'PATH',
    'PATHS',
    'LD_X',
    'PYTHONX',
    'JPY_A',
    'PERL5LIB',
    'RUBYOPT',
    'USER',
    'USERS',
    'A'.repeat(64),
    'A'.repeat(65)
  ];
  const script =
    'import json, sys\nfrom jupyter_agent.secret import check_label\nfrom jupyter_agent.errors import LabelInvalid\n' +
    'def ok(t):\n  try: check_label(t)\n  except LabelInvalid: return False\n  return True\n' +
    'print(json.dumps([ok(t) for t in json.load(sys.stdin)]))';
  const answer = python(script, texts);
  assert.deepEqual(
    texts.map(text => labelProblem(text) === ''),
    JSON.parse(answer)
  );
});

test('what people type becomes a label where that is obvious', () => {
  assert.equal(tidyLabel('github token'), 'GITHUB_TOKEN');
  assert.equal(tidyLabel('my-key'), 'MY_KEY');
});

test('times are told as people say them', () => {
  const now = Date.parse('2026-11-22T12:00:00Z');
  const at = (text: string) => ago(Date.parse(text), now);
  assert.equal(at('2026-11-22T12:00:00Z'), 'just now');
  assert.equal(at('2026-11-22T11:59:30Z'), 'just now');
  assert.equal(at('2026-11-22T11:00:00Z'), '1 hour ago');
  assert.equal(at('2026-11-19T12:00:00Z'), '3 days ago');
  assert.equal(at('2026-12-10T12:00:00Z'), 'in 2 weeks');
  assert.equal(countdown(64_001), '1:05');
  assert.equal(countdown(-5), '0:00');
});

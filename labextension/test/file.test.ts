import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeFile, withoutLineEnd } from '../src/entry/file.ts';
import { python } from './python.ts';

test('a file gives the same value in the page as in the terminal', () => {
  const files = [
    '',
    '\n',
    '\r\n',
    'a',
    'a\n',
    'a\r\n',
    'a\n\n',
    'a\nb\n',
    'a\r\nb\r\n',
    'a\r',
    '\na'
  ];
  const answer = python(
    'import json, sys\nfrom jupyter_agent.secret import without_line_end\n' +
      'print(json.dumps([without_line_end(t.encode()).decode() for t in json.load(sys.stdin)]))',
    files
  );
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  assert.deepEqual(
    files.map(text => decoder.decode(withoutLineEnd(encoder.encode(text)))),
    JSON.parse(answer)
  );
});

test('of a file only its name and size are shown', () => {
  assert.equal(describeFile('id_ed25519', 1411), 'id_ed25519, 1,411 bytes');
  assert.equal(describeFile('pin', 1), 'pin, 1 byte');
});

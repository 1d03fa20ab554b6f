import assert from 'node:assert/strict';
import { test } from 'node:test';
import { completions, reference, withoutTheEnter } from '../src/chat/words.ts';

test('the line break of the Enter that sent a message is taken out wherever the caret was', () => {
  for (const sent of ['hello', 'two\nlines', '\n\n', 'end\n', '']) {
    for (let at = 0; at <= sent.length; at += 1) {
      const now = `${sent.slice(0, at)}\n${sent.slice(at)}`;
      assert.equal(withoutTheEnter(now, sent), sent);
    }
  }
});

test('what a person has typed meanwhile stays', () => {
  for (const now of ['hello x', 'hell\no', 'hello', 'help\n', 'hello\nx', '']) {
    const kept = now === 'hell\no' ? 'hello' : now;
    assert.equal(withoutTheEnter(now, 'hello'), kept);
  }
});

test('labels complete behind two braces, whatever stands before them', () => {
  const labels = ['GITHUB_TOKEN', 'GITLAB_TOKEN', 'DB_PASSWORD'];
  assert.deepEqual(completions('{{', labels), labels.map(reference));
  assert.deepEqual(completions('{{git', labels), ['{{GITHUB_TOKEN}}', '{{GITLAB_TOKEN}}']);
  assert.deepEqual(completions('token={{GITH', labels), ['token={{GITHUB_TOKEN}}']);
  for (const word of [null, '', '{', 'GITHUB', '{{GITHUB_TOKEN}}', '{{GITHUB_TOKEN}}.', '{{X']) {
    assert.deepEqual(completions(word, labels), []);
  }
});

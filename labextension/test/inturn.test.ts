import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InTurn } from '../src/viewer/inturn.ts';

/** Keys that are typed around a text which is given when the test says so. */
function typing() {
  const sent: string[] = [];
  const turn = new InTurn();
  const key = (name: string, down = true) => turn.key(down, () => sent.push(name));
  const text = (name: string) => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const done = turn.first(promise.then(given => given && sent.push(name) > 0));
    return async (given: boolean) => {
      resolve(given);
      await done;
    };
  };
  return { sent, key, text };
}

test('a key that is pressed behind a text comes behind it, however long that takes', async () => {
  const { sent, key, text } = typing();
  key('a');
  const give = text('漢字');
  key('Enter');
  assert.deepEqual(sent, ['a']);
  await give(true);
  key('b');
  assert.deepEqual(sent, ['a', '漢字', 'Enter', 'b']);
});

test('keys wait for all texts that came before them', async () => {
  const { sent, key, text } = typing();
  const [first, second] = [text('漢'), text('字')];
  key('Enter');
  await first(true);
  assert.deepEqual(sent, ['漢']);
  await second(true);
  assert.deepEqual(sent, ['漢', '字', 'Enter']);
});

test('behind a text that was not given nothing is pressed, but what was held is let go', async () => {
  const { sent, key, text } = typing();
  const give = text('漢字');
  key('Control', false);
  key('Enter');
  await give(false);
  assert.deepEqual(sent, ['Control']);
});

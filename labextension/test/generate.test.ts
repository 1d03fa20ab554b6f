import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALPHABETS, bits, generate } from '../src/entry/generate.ts';

test('a password has the length and the characters that were chosen', () => {
  for (const { characters } of ALPHABETS) {
    assert.equal(new Set(characters).size, characters.length);
    for (const length of [4, 32, 256]) {
      const made = generate(length, characters);
      assert.equal(made.length, length);
      assert.ok([...made].every(character => characters.includes(character)));
    }
  }
});

test('every character is as likely as any other', () => {
  // The bytes 0 to 255, over and over: whoever takes `byte % n` of all of them prefers the first.
  let next = 0;
  const random = (bytes: Uint8Array) => {
    for (let index = 0; index < bytes.length; index += 1) {
      bytes[index] = next++ % 256;
    }
  };
  for (const { id, characters } of ALPHABETS) {
    const rounds = Math.floor(256 / characters.length);
    const made = generate(characters.length * rounds * 8, characters, random);
    const counts = new Map([...characters].map(character => [character, 0]));
    for (const character of made) {
      counts.set(character, (counts.get(character) ?? 0) + 1);
    }
    assert.deepEqual(new Set(counts.values()), new Set([rounds * 8]), id);
  }
});

test('two passwords are not the same', () => {
  const made = Array.from({ length: 200 }, () => generate(32, ALPHABETS[0]?.characters ?? ''));
  assert.equal(new Set(made).size, 200);
});

test('the strength that is shown is never more than it is', () => {
  assert.equal(bits(32, '0123456789abcdef'), 128);
  assert.equal(bits(4, '0123456789'), 13);
});

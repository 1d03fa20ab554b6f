import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guessLayout, LAYOUTS } from '../src/desktop/layouts.ts';
import type { Caps, Desktop } from '../src/desktop/shapes.ts';
import {
  asking,
  bytes,
  driver,
  ended,
  hostOf,
  isolation,
  isRunning,
  left,
  meaning,
  shortName,
  warning,
  where
} from '../src/desktop/words.ts';

const caps: Caps = {
  isolation: 'same_user',
  pause: 'enforced',
  view_only: 'server',
  agent: true,
  paste: true,
  keyboard_layout: true,
  downloads: false,
  profile: false,
  resize: false
};

const desktop = (more: Partial<Desktop>): Desktop => ({
  id: 'd',
  provider: 'p',
  title: 'P',
  caps,
  state: 'idle',
  host: '',
  since: '',
  keep: false,
  strict: false,
  layout: 'us',
  notebook: null,
  opener: 'panel',
  who: '',
  turn: 0,
  note: '',
  asked: null,
  files: [],
  seconds_left: 900,
  problem: null,
  ...more
});

test('a person reads who drives and what the agent sees meanwhile', () => {
  assert.equal(driver(desktop({ state: 'human' }), true), 'You drive');
  assert.match(meaning(desktop({ state: 'human' }), true), /sees nothing/);
  assert.match(driver(desktop({ state: 'human' }), false), /another page/);
  assert.match(meaning(desktop({ state: 'agent' }), false), /sees this page/);
  assert.match(meaning(desktop({ state: 'idle' }), false), /sees nothing/);
});

test('a person reads who asks them to take over, and the words are marked as theirs', () => {
  const asked = { who: 'agent:claude', notebook: null, why: 'It wants a code.' };
  assert.equal(asking(desktop({ asked })), 'claude asks you to take over: “It wants a code.”');
  const notebook = { ...asked, who: 'kernel:1', notebook: '/home/me/a b.ipynb' };
  assert.match(asking(desktop({ asked: notebook })), /^a b\.ipynb asks/);
  assert.equal(asking(desktop({})), '');
});

test('a size is told as people say it', () => {
  assert.deepEqual([0, 999, 1500, 21_000_000].map(bytes), [
    '0 bytes',
    '999 bytes',
    '1.5 kB',
    '21 MB'
  ]);
});

test('a provider that can not keep an agent out is not said to', () => {
  const advisory = desktop({ state: 'agent', caps: { ...caps, pause: 'advisory' } });
  assert.match(meaning(advisory, false), /could attach again/);
});

test('a desktop of the same user says what could read it', () => {
  assert.match(warning(caps), /could read this desktop/);
  assert.equal(isolation(caps), 'this machine, as you');
});

test('what is left of its time is told in words', () => {
  assert.equal(left(59), 'less than a minute');
  assert.equal(left(900), '15 min');
  assert.equal(left(8 * 3600), '8 h');
});

test('a desktop is called by the real host of its page', () => {
  assert.equal(shortName(desktop({ host: 'bank.example' })), 'bank.example');
  assert.equal(shortName(desktop({ state: 'starting' })), 'Starting…');
});

test('the page says what runs it, where, and for which notebook', () => {
  assert.equal(where(desktop({})), 'P: on this machine, as you');
  assert.match(where(desktop({ notebook: '/home/ada/orders.ipynb' })), /opened by orders\.ipynb$/);
  assert.equal(hostOf(desktop({ host: 'bank.example' })), 'bank.example');
  assert.match(hostOf(desktop({ strict: true })), /not looked at/);
});

test('one that starts, has failed or is over has no picture', () => {
  const states = ['idle', 'human', 'agent', 'starting', 'failed', 'closed'] as const;
  assert.deepEqual(
    states.filter(state => isRunning(desktop({ state }))),
    ['idle', 'human', 'agent']
  );
  assert.equal(shortName(desktop({ state: 'failed' })), 'Not started');
});

test('a person reads why a desktop is gone, and how to get out of its picture', () => {
  assert.match(ended('time'), /time was over/);
  assert.match(ended('ended'), /ended by itself/);
  assert.match(meaning(desktop({ state: 'human' }), true), /Escape twice/);
});

test('the layout follows the keys, and where the browser does not tell them the language', () => {
  const keys = (q: string, z: string, semicolon: string) =>
    new Map([
      ['KeyQ', q],
      ['KeyZ', z],
      ['Semicolon', semicolon]
    ]);
  assert.equal(guessLayout(keys('q', 'z', ';'), 'de-DE'), 'us');
  assert.equal(guessLayout(keys('q', 'z', ';'), 'en-GB'), 'gb');
  assert.equal(guessLayout(keys('q', 'y', 'ö'), 'en-US'), 'de');
  assert.equal(guessLayout(keys('q', 'y', 'é'), 'fr-CH'), 'ch(fr)');
  assert.equal(guessLayout(keys('a', 'w', 'm'), 'en-US'), 'fr');
  assert.equal(guessLayout(keys('a', 'w', 'm'), 'nl-BE'), 'be');
  assert.equal(guessLayout(null, 'sv-SE'), 'se');
  assert.equal(guessLayout(null, 'xx'), 'us');
});

test('every layout that is offered or guessed is a name and no argument', () => {
  for (const [layout] of LAYOUTS) {
    assert.match(layout, /^[a-z]{2,12}(\([a-z0-9_-]{1,24}\))?$/);
  }
});

test('a remote desktop says who gets what is typed, and whether there is an agent at all', () => {
  const remote: Caps = { ...caps, isolation: 'remote', pause: 'none', agent: false };
  assert.match(warning(remote), /whoever runs that machine/);
  assert.match(warning(remote), /no agent/);
  assert.doesNotMatch(warning({ ...remote, agent: true }), /no agent/);
  assert.doesNotMatch(meaning(desktop({ state: 'idle', caps: remote }), false), /hand back/);
  assert.match(meaning(desktop({ state: 'human', caps: remote }), true), /Close it/);
  const steered: Caps = { ...remote, pause: 'advisory', agent: true };
  assert.match(meaning(desktop({ state: 'human', caps: steered }), true), /could still look/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asker, nextOf } from '../src/approval/turns.ts';
import type { Approval } from '../src/tokens.ts';

const by = (notebook: string | null, approval_id: string, more: Partial<Approval> = {}) =>
  ({ role: 'kernel', claimed: false, notebook, approval_id, ...more }) as Approval;

test('who has not been served comes first, in the order in which they came', () => {
  const waiting = [by('a.ipynb', '1'), by('a.ipynb', '2'), by('b.ipynb', '3')];
  assert.equal(nextOf(waiting, [])?.approval_id, '1');
  assert.equal(nextOf(waiting, [asker(by('a.ipynb', ''))])?.approval_id, '3');
});

test('of those who were served it is the one whose turn is longest ago', () => {
  const [a, b] = [by('a.ipynb', '1'), by('b.ipynb', '2')];
  assert.equal(nextOf([a, b], [asker(a), asker(b), asker(a)])?.approval_id, '2');
  assert.equal(nextOf([], [asker(a)]), null);
});

test('one that only claims a notebook is not the kernel of that notebook', () => {
  const [known, claimed] = [by('a.ipynb', '1'), by('a.ipynb', '2', { claimed: true })];
  assert.equal(nextOf([known, claimed], [asker(known)])?.approval_id, '2');
});

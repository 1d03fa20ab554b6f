import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dueText, found, needsAttention, sorted } from '../src/secrets/order.ts';
import type { Due, SecretMeta } from '../src/tokens.ts';
import { python } from './python.ts';

function meta(label: string, more: Partial<SecretMeta> = {}): SecretMeta {
  return {
    label,
    kind: '',
    note: '',
    created: '2026-01-01T00:00:00Z',
    replaced: null,
    last_used: null,
    uses: 0,
    expires: null,
    rotate_every: null,
    due: null,
    weak: false,
    exposed: [],
    ...more
  };
}

const labels = (secrets: SecretMeta[]) => secrets.map(secret => secret.label);

test('secrets are sorted by label, last use, end and use, and those without one come last', () => {
  const secrets = [
    meta('C', { last_used: '2026-03-01T00:00:00Z', uses: 2, expires: '2027-01-01T00:00:00Z' }),
    meta('A', { last_used: '2026-01-01T00:00:00Z', uses: 9 }),
    meta('D'),
    meta('B', { expires: '2026-12-01T00:00:00Z' })
  ];
  assert.deepEqual(labels(sorted(secrets, 'label')), ['A', 'B', 'C', 'D']);
  assert.deepEqual(labels(sorted(secrets, 'last_used')), ['C', 'A', 'B', 'D']);
  assert.deepEqual(labels(sorted(secrets, 'expires')), ['B', 'C', 'A', 'D']);
  assert.deepEqual(labels(sorted(secrets, 'uses')), ['A', 'C', 'B', 'D']);
  assert.deepEqual(labels(secrets), ['C', 'A', 'D', 'B']); // what was given is as it was
});

test('a search looks for every word in label, kind and note', () => {
  const secret = meta('GITHUB_TOKEN', { kind: 'access-token', note: 'for Releases' });
  for (const search of ['', 'github', 'TOKEN git', 'access', 'releases github']) {
    assert.ok(found(secret, search), search);
  }
  assert.ok(!found(secret, 'github gitlab'));
});

test('what was exposed or is due needs attention', () => {
  const due: Due = { what: 'expires', on: '2026-12-01T00:00:00Z', days: 3, level: 7 };
  assert.ok(!needsAttention(meta('A')));
  assert.ok(needsAttention(meta('A', { due })));
  const exposed = [{ where: 'cell', notebook: null, time: '2026-12-01T00:00:00Z' }];
  assert.ok(needsAttention(meta('A', { exposed })));
  const scrubbed = [{ where: 'run', notebook: null, time: '2026-12-01T00:00:00Z' }];
  assert.ok(!needsAttention(meta('A', { exposed: scrubbed })));
});

test('panel, kernel and terminal say in the same words what is due', () => {
  const dues: Due[] = [];
  for (const what of ['expires', 'rotate'] as const) {
    for (const [days, level] of [
      [30, 30],
      [7, 7],
      [1, 1],
      [0, 0],
      [-4, 0]
    ] as const) {
      dues.push({ what, on: '2026-12-01T00:00:00Z', days, level });
    }
  }
  const answer = python(
    'import json, sys\nfrom jupyter_agent.secret import reminder\n' +
      'print(json.dumps([reminder(due) for due in json.load(sys.stdin)]))',
    dues
  );
  assert.deepEqual(dues.map(dueText), JSON.parse(answer));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { comparable, maskedFields, maskedParts, sameCell } from '../src/masked/parts.ts';

const VALUE = `zq${Math.random().toString(36).slice(2)}`;
const MASK = '[secret:some-rule]';

test('a cell that is as in its file is left alone', () => {
  const cell = {
    source: 'print("[secret:LABEL]")',
    outputs: [{ output_type: 'stream', name: 'stdout', text: '[secret:LABEL]\n' }],
    metadata: { tags: ['[secret:LABEL]'] }
  };
  const other = { name: 'stdout', text: ['[secret:', 'LABEL]\n'], output_type: 'stream' };
  assert.deepEqual(maskedParts(cell, { ...cell, outputs: [other] }), {});
});

test('a cell that differs without a mask is newer in the page, and left alone', () => {
  const live = { source: 'x = 2', outputs: [{ text: 'new' }], metadata: { tags: ['new'] } };
  const file = { source: 'x = 1', outputs: [], metadata: { tags: [] } };
  assert.deepEqual(maskedParts(live, file), {});
});

test('each part that the file has masked is taken from there', () => {
  const live = {
    source: `key = "${VALUE}"`,
    outputs: [{ output_type: 'stream', name: 'stdout', text: VALUE }],
    metadata: { tags: ['a'], papermill: { key: VALUE } }
  };
  const file = JSON.parse(JSON.stringify(live).replaceAll(VALUE, MASK));
  assert.deepEqual(maskedParts(live, { ...file, source: ['key = ', `"${MASK}"`] }), {
    source: `key = "${MASK}"`,
    outputs: file.outputs,
    metadata: { papermill: { key: MASK } }
  });
  assert.deepEqual(maskedFields({ title: VALUE, kernel: 'k' }, { title: MASK, kernel: 'k' }), {
    title: MASK
  });
});

test('a cell is known by its id, and by its place only where there are no ids', () => {
  const cells = [
    { id: 'a', source: '1' },
    { id: 'b', source: '2' }
  ];
  assert.equal(sameCell('b', 0, cells)?.source, '2');
  assert.equal(sameCell('new', 1, cells), null);
  assert.equal(sameCell('x', 1, [{ source: '1' }, { source: '2' }])?.source, '2');
  assert.equal(sameCell('x', 2, [{ source: '1' }]), null);
});

test('cells of a script, which keeps no ids, are the same by their place', () => {
  const read = [
    { id: 'made', source: '1' },
    { id: 'up', source: '2' }
  ];
  assert.equal(sameCell('b', 1, comparable(['a', 'b'], read))?.source, '2');
  assert.equal(sameCell('b', 1, comparable(['up', 'b'], read)), null);
  assert.equal(sameCell('b', 1, comparable(['a', 'b', 'c'], read)), null);
});

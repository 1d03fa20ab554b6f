import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { AEAD_AES_256_GCM, KDF_HKDF_SHA256, KEM_DHKEM_X25519_HKDF_SHA256 } from '@panva/hpke-noble';
import { CipherSuite } from 'hpke';
import { context, MAX_VALUE, type Offer, pad, seal } from '../src/seal.ts';
import { python, root } from './python.ts';

const vectors = join(root, 'tests/vectors/entry');

interface Vector {
  says: string;
  offer: Offer;
  private_key: string;
  sealed: string;
  expect: { value?: string; error?: string };
}

const suite = new CipherSuite(KEM_DHKEM_X25519_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_256_GCM);

/** What the broker does, with this file's own idea of context and padding. */
async function open(offer: Offer, privateKey: string, sealed: string): Promise<Uint8Array> {
  const bytes = Buffer.from(sealed, 'base64');
  const key = await suite.DeserializePrivateKey(Buffer.from(privateKey, 'hex'));
  const info = context(offer);
  const padded = await suite.Open(key, bytes.subarray(0, 32), bytes.subarray(32), { info });
  const length = new DataView(padded.buffer, padded.byteOffset).getUint32(0);
  const value = padded.subarray(4, 4 + length);
  assert.deepEqual(padded, pad(value));
  assert.notEqual(length, 0);
  return value;
}

for (const file of readdirSync(vectors)) {
  const vector: Vector = JSON.parse(readFileSync(join(vectors, file), 'utf8'));
  const { value } = vector.expect;
  if (value === undefined) {
    test(`vector ${file}: ${vector.says}: it does not open`, async () => {
      await assert.rejects(open(vector.offer, vector.private_key, vector.sealed));
    });
  } else {
    test(`vector ${file}: ${vector.says}: it opens, and so does what this page seals`, async () => {
      const bytes = Buffer.from(value, 'hex');
      const opened = await open(vector.offer, vector.private_key, vector.sealed);
      assert.deepEqual(Buffer.from(opened), bytes);
      const own = await seal(vector.offer, bytes.toString('utf8'));
      assert.notEqual(own, vector.sealed);
      assert.equal(own.length, vector.sealed.length);
      assert.deepEqual(Buffer.from(await open(vector.offer, vector.private_key, own)), bytes);
    });
  }
}

test('what this page seals is opened by the broker’s own code', async () => {
  const file = join(vectors, 'not-ascii.json');
  const { offer, private_key }: Vector = JSON.parse(readFileSync(file, 'utf8'));
  const value = `two\r\nlines ä \u{1f511} ${'x'.repeat(700)}\n`;
  const answer = python(OPEN, { offer, private_key, sealed: await seal(offer, value) });
  assert.equal(Buffer.from(answer, 'base64').toString('utf8'), value);
});

const OPEN = `
import base64, json, sys
from jupyter_agent.entry import Offer, open_entry
entry = json.load(sys.stdin)
value = open_entry(Offer.from_json(entry["offer"]), bytes.fromhex(entry["private_key"]), base64.b64decode(entry["sealed"]))
print(base64.b64encode(value).decode())
`;

test('a file of any bytes is sealed as it is, and wiped', async () => {
  const file = join(vectors, 'one-byte.json');
  const { offer, private_key }: Vector = JSON.parse(readFileSync(file, 'utf8'));
  const bytes = Uint8Array.from({ length: 600 }, (_, index) => index % 256);
  const before = Buffer.from(bytes);
  const sealed = await seal(offer, bytes);
  assert.deepEqual(Buffer.from(await open(offer, private_key, sealed)), before);
  assert.ok(bytes.every(byte => byte === 0));
});

test('an empty or oversized value is refused before anything is sealed', async () => {
  const file = join(vectors, 'one-byte.json');
  const { offer }: Vector = JSON.parse(readFileSync(file, 'utf8'));
  await assert.rejects(seal(offer, ''), RangeError);
  await assert.rejects(seal(offer, 'x'.repeat(MAX_VALUE + 1)), RangeError);
  await assert.rejects(seal(offer, 'ä'.repeat(MAX_VALUE / 2 + 1)), RangeError);
  await seal(offer, 'x'.repeat(MAX_VALUE));
});

test('sealing needs no WebCrypto, which plain-http pages do not have', async () => {
  const file = join(vectors, 'one-byte.json');
  const { offer, private_key }: Vector = JSON.parse(readFileSync(file, 'utf8'));
  const { getRandomValues } = globalThis.crypto;
  const real = Object.getOwnPropertyDescriptor(globalThis, 'crypto') as PropertyDescriptor;
  const plain = { getRandomValues: getRandomValues.bind(globalThis.crypto) };
  Object.defineProperty(globalThis, 'crypto', { value: plain, configurable: true });
  try {
    const sealed = await seal(offer, 'abc');
    Object.defineProperty(globalThis, 'crypto', real);
    assert.equal(Buffer.from(await open(offer, private_key, sealed)).toString(), 'abc');
  } finally {
    Object.defineProperty(globalThis, 'crypto', real);
  }
});

// The primitives that the page seals with, held against other people's vectors: RFC 9180 and Wycheproof.

import assert from 'node:assert/strict';
import { createHmac, createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  AEAD_AES_128_GCM,
  AEAD_AES_256_GCM,
  KDF_HKDF_SHA256,
  KEM_DHKEM_X25519_HKDF_SHA256
} from '@panva/hpke-noble';
import { CipherSuite } from 'hpke';
import { root } from './python.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));

function read(path: string) {
  return JSON.parse(readFileSync(join(root, 'tests/vectors', path), 'utf8'));
}

test('RFC 9180, appendix A.1.1 opens', async () => {
  const vector = read('hpke/rfc9180-a-1-1.json');
  const suite = new CipherSuite(KEM_DHKEM_X25519_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_128_GCM);
  const key = await suite.DeserializePrivateKey(hex(vector.private_key));
  const opened = await suite.Open(key, hex(vector.enc), hex(vector.ciphertext), {
    info: hex(vector.info),
    aad: hex(vector.aad)
  });
  assert.equal(Buffer.from(opened).toString('hex'), vector.plaintext);
});

test('AES-256-GCM does what Wycheproof says', async () => {
  const aead = AEAD_AES_256_GCM();
  for (const { tcId, key, iv, aad, msg, ct, tag, result } of read('wycheproof/aes-256-gcm.json')
    .tests) {
    const open = aead.Open(hex(key), hex(iv), hex(aad), hex(ct + tag));
    if (result === 'valid') {
      assert.deepEqual(Buffer.from(await open), Buffer.from(hex(msg)), `tcId ${tcId}`);
      const sealed = await aead.Seal(hex(key), hex(iv), hex(aad), hex(msg));
      assert.deepEqual(Buffer.from(sealed), Buffer.from(hex(ct + tag)), `tcId ${tcId}`);
    } else {
      await assert.rejects(open, `tcId ${tcId}`);
    }
  }
});

test('X25519 does what Wycheproof says, and a shared secret of zeros is refused', async () => {
  const suite = new CipherSuite(KEM_DHKEM_X25519_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_256_GCM);
  const kem = KEM_DHKEM_X25519_HKDF_SHA256();
  for (const vector of read('wycheproof/x25519.json').tests) {
    const key = await suite.DeserializePrivateKey(hex(vector.private));
    const secret = kem.Decap(hex(vector.public), key as never, undefined);
    if (vector.zero) {
      await assert.rejects(secret, `tcId ${vector.tcId}`);
    } else {
      const expected = kemSecret(hex(vector.shared), hex(vector.public), publicKey(vector.private));
      assert.deepEqual(Buffer.from(await secret), expected, `tcId ${vector.tcId}`);
    }
  }
});

/** RFC 9180, section 4.1: ExtractAndExpand, by hand. */
function kemSecret(dh: Uint8Array, enc: Uint8Array, pk: Uint8Array): Buffer {
  const suite = Buffer.from([...Buffer.from('KEM'), 0x00, 0x20]);
  const hmac = (key: Uint8Array, ...parts: (Uint8Array | string)[]) => {
    const mac = createHmac('sha256', key);
    for (const part of parts) {
      mac.update(part);
    }
    return mac.digest();
  };
  const prk = hmac(new Uint8Array(32), 'HPKE-v1', suite, 'eae_prk', dh);
  const length = Uint8Array.of(0, 32);
  return hmac(prk, length, 'HPKE-v1', suite, 'shared_secret', enc, pk, Uint8Array.of(1));
}

function publicKey(privateKey: string): Uint8Array {
  // PKCS #8 for X25519 (RFC 8410): a fixed head, then the key.
  const der = Buffer.from(`302e020100300506032b656e04220420${privateKey}`, 'hex');
  const key = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
  return Uint8Array.from(key.export({ format: 'der', type: 'spki' }).subarray(-32));
}

// Sealing a value to the broker's one-time key (docs/protocol.md section 3; HPKE is RFC 9180).
//
// The noble implementations need no WebCrypto, which browsers withhold from plain-http pages: one
// code path everywhere. tests/vectors/entry pins the bytes for this file and jupyter_agent/entry.py.

import { AEAD_AES_256_GCM, KDF_HKDF_SHA256, KEM_DHKEM_X25519_HKDF_SHA256 } from '@panva/hpke-noble';
import { CipherSuite } from 'hpke';

/** One form's offer: names a one-time public key of the broker. Holds no secret. */
export interface Offer {
  kid: string;
  /** X25519 public key, 32 bytes, unpadded base64url. */
  pk: string;
  ticket: string;
  label: string;
  origin: string;
  expires: string;
}

/** A value as it was typed, or as a file holds it. */
export type Value = string | Uint8Array;

export const MAX_VALUE = 64 * 1024;
const PURPOSE = 'jupyter_agent/seal/v1';
const PAD_TO = 256;

const utf8 = new TextEncoder();

/**
 * Seal a value to an offer.
 *
 * @param offer - From the broker, used once.
 * @param value - 1 byte to 64 KiB; a text goes in as UTF-8. Bytes are wiped.
 * @returns Base64 of the encapsulated key (32 bytes) and the ciphertext.
 */
export async function seal(offer: Offer, value: Value): Promise<string> {
  const raw = typeof value === 'string' ? utf8.encode(value) : value;
  if (raw.length === 0 || raw.length > MAX_VALUE) {
    throw new RangeError(`A value has 1 to ${MAX_VALUE} bytes.`);
  }
  const plaintext = pad(raw);
  raw.fill(0);
  try {
    const suite = new CipherSuite(KEM_DHKEM_X25519_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_256_GCM);
    const key = await suite.DeserializePublicKey(fromBase64Url(offer.pk));
    const { encapsulatedSecret, ciphertext } = await suite.Seal(key, plaintext, {
      info: context(offer)
    });
    return toBase64(encapsulatedSecret, ciphertext);
  } finally {
    // The string itself can't be wiped; copies of it that can, are.
    plaintext.fill(0);
  }
}

/** The value behind its length (4 bytes, big-endian), zeros up to a multiple of 256. */
export function pad(value: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil((value.length + 4) / PAD_TO) * PAD_TO);
  new DataView(padded.buffer).setUint32(0, value.length);
  padded.set(value, 4);
  return padded;
}

/** `info`: length prefixes keep `a,b` + `c` apart from `a` + `b,c`. */
export function context(offer: Offer): Uint8Array {
  const parts = [PURPOSE, offer.kid, offer.ticket, offer.label, offer.origin];
  return utf8.encode(parts.map(part => `${utf8.encode(part).length}:${part}`).join(','));
}

function fromBase64Url(text: string): Uint8Array {
  const plain = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
  return Uint8Array.from(plain, character => character.charCodeAt(0));
}

function toBase64(...chunks: Uint8Array[]): string {
  let plain = '';
  for (const chunk of chunks) {
    for (const byte of chunk) {
      plain += String.fromCharCode(byte);
    }
  }
  return btoa(plain);
}

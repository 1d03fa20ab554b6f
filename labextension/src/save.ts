// A value goes in: an offer, sealed in the page, saved. The panel and the blocked box end here.

import { type Api, ApiError, type SealedPassphrase } from './api.ts';
import { MAX_VALUE, seal, type Value } from './seal.ts';
import type { About, ExposedAt, SecretMeta } from './tokens.ts';

export interface Details extends About {
  exposed?: ExposedAt;
}

/**
 * Seal a value in this page and store it.
 *
 * @param take - Hands the value over. Asked only when there is an offer, so that a label that is
 *   taken costs the person no second typing.
 * @param replace - Whether the label may already exist.
 * @param plainHttp - The person has accepted that this page came over plain http.
 */
export async function saveSecret(
  api: Api,
  label: string,
  take: () => Value,
  replace: boolean,
  details: Details = {},
  plainHttp = false
): Promise<SecretMeta> {
  const offer = await api.offer(label, replace, plainHttp);
  if (offer.label !== label) {
    throw new ApiError('offer_mismatch', 'The server offered another label.', 'Try again.', 0);
  }
  const value = take();
  const size = typeof value === 'string' ? new TextEncoder().encode(value).length : value.length;
  if (size === 0 || size > MAX_VALUE) {
    throw new ApiError(
      'value_size',
      `The value is ${size === 0 ? 'empty' : 'too long'}.`,
      `A value has 1 to ${MAX_VALUE} bytes.`,
      0
    );
  }
  const { kid, ticket, origin } = offer;
  const sealed = await seal(offer, value);
  return api.save({ kid, ticket, label, origin, sealed, ...details });
}

/** Seal a passphrase of the vault in this page; the parameters are those of `saveSecret`. */
export async function sealPassphrase(
  api: Api,
  take: () => Value,
  plainHttp = false
): Promise<SealedPassphrase> {
  const offer = await api.passphraseOffer(plainHttp);
  const { kid, ticket, origin } = offer;
  return { kid, ticket, origin, sealed: await seal(offer, take()) };
}

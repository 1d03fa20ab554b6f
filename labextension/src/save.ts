// A value goes in: an offer, sealed in the page, saved. The panel and the blocked box end here.

import { type Api, ApiError } from './api.ts';
import { MAX_VALUE, seal } from './seal.ts';
import type { ExposedAt, SecretMeta } from './tokens.ts';

export interface Details {
  kind?: string;
  note?: string;
  expires?: string;
  exposed?: ExposedAt;
}

/**
 * Seal a value in this page and store it.
 *
 * @param take - Hands the value over. Asked only when there is an offer, so that a label that is
 *   taken costs the person no second typing.
 * @param replace - Whether the label may already exist.
 */
export async function saveSecret(
  api: Api,
  label: string,
  take: () => string,
  replace: boolean,
  details: Details = {}
): Promise<SecretMeta> {
  const offer = await api.offer(label, replace);
  if (offer.label !== label) {
    throw new ApiError('offer_mismatch', 'The server offered another label.', 'Try again.', 0);
  }
  const value = take();
  const size = new TextEncoder().encode(value).length;
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

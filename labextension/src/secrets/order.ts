// Which secrets are listed, and in which order. Pure.

import type { Due, Exposure, SecretMeta } from '../tokens.ts';

export type Order = 'label' | 'last_used' | 'expires' | 'uses';

export const ORDERS: readonly [Order, string][] = [
  ['label', 'Label'],
  ['last_used', 'Last used'],
  ['expires', 'Expires'],
  ['uses', 'Uses']
];

/** Times in one format sort as texts; what is missing comes last, and equals by their label. */
const KEYS: Record<Order, (secret: SecretMeta) => string | number> = {
  label: () => 0,
  last_used: secret => -Date.parse(secret.last_used ?? '') || Number.POSITIVE_INFINITY,
  expires: secret => Date.parse(secret.expires ?? '') || Number.POSITIVE_INFINITY,
  uses: secret => -secret.uses
};

/** The secrets in an order: soonest end, latest or most use first. */
export function sorted(secrets: readonly SecretMeta[], order: Order): SecretMeta[] {
  const keyed = secrets.map(secret => ({ secret, key: KEYS[order](secret) }));
  keyed.sort((a, b) => compare(a.key, b.key) || compare(a.secret.label, b.secret.label));
  return keyed.map(({ secret }) => secret);
}

/** Whether every word of a search stands in a secret's label, kind or note. */
export function found(secret: SecretMeta, search: string): boolean {
  const text = `${secret.label} ${secret.kind} ${secret.note}`.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every(word => text.includes(word));
}

/** Whether a value got somewhere. In a command's own output it was replaced before anybody saw it. */
export function seenOutside(exposure: { where: string }): boolean {
  return exposure.where !== 'run';
}

/** Where a value was seen by somebody; what a run printed was scrubbed before anybody saw it. */
export function exposures(secret: SecretMeta): Exposure[] {
  return secret.exposed.filter(({ where }) => where !== 'run');
}

/** Whether a person should do something about it: it was exposed, or its time is near or over. */
export function needsAttention(secret: SecretMeta): boolean {
  return secret.exposed.some(seenOutside) || secret.due !== null;
}

/** What is due, in a few words; the words are those of `secret.reminder` in Python. */
export function dueText({ what, days, level }: Due): string {
  const expires = what === 'expires';
  if (level === 0) {
    return expires ? 'expired: replace it' : 'rotation overdue: replace it';
  }
  const when = days === 1 ? 'tomorrow' : `in ${days} days`;
  return expires ? `expires ${when}` : `rotate it ${when}`;
}

function compare<T extends string | number>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

// What hands a desktop back: known to the page that has taken it over, and to no other. Never stored.

import type { Desktop } from './shapes.ts';

interface Lease {
  lease: string;
  /** The turn in which it was given. Whoever takes over afterwards has another one. */
  turn: number;
}

const leases = new Map<string, Lease>();

/** Remember what taking a desktop over has given. */
export function keepLease(id: string, lease: Lease): void {
  leases.set(id, lease);
}

/** It was handed back, or is somebody else's. */
export function dropLease(id: string): void {
  leases.delete(id);
}

/** The lease by which this page drives a desktop; "" where it does not. */
export function leaseOf({ id, state, turn }: Desktop): string {
  const held = leases.get(id);
  return state === 'human' && held?.turn === turn ? held.lease : '';
}

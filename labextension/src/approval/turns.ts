// Who is next: each asker has a turn, however many questions one of them has. Pure.

import type { Approval } from '../tokens.ts';

/** Who asks, as far as a page can tell one asker from another. */
export function asker(approval: Approval): string {
  return `${approval.role} ${approval.claimed} ${approval.notebook ?? ''}`;
}

/**
 * The approval that is shown next.
 *
 * @param waiting - In the order in which they came.
 * @param served - Askers, the one that was shown last at the end.
 */
export function nextOf(waiting: readonly Approval[], served: readonly string[]): Approval | null {
  let best: Approval | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const approval of waiting) {
    const turn = served.lastIndexOf(asker(approval));
    if (turn < least) {
      best = approval;
      least = turn;
    }
  }
  return best;
}

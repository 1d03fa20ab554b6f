// The offer, fetched while the person still types, so that after Save only sealing and saving are left.

import type { Offer } from '../seal.ts';
import { type Door, DoorError, findDoor, type Model } from './door.ts';

/** An offer lives five minutes in the broker; one that may end on the way is not used. In ms. */
const FRESH_FOR = 4 * 60_000;

export interface Ready {
  door: Door;
  offer: Offer;
}

export class OfferAhead {
  private readonly model: Model;
  private readonly label: string;
  private readonly replace: boolean;
  private asked = 0;
  private pending: Promise<Ready> | null = null;

  constructor(model: Model, label: string, replace: boolean) {
    this.model = model;
    this.label = label;
    this.replace = replace;
  }

  /** The person begins to type: ask now, once. What goes wrong is told when they save. */
  begin(): void {
    if (!this.fresh) {
      this.ask().catch(() => {
        this.pending = null;
      });
    }
  }

  /** An offer to seal to; each is handed out once. */
  take(): Promise<Ready> {
    const pending = this.fresh && this.pending ? this.pending : this.ask();
    this.pending = null;
    return pending;
  }

  private get fresh(): boolean {
    return this.pending !== null && performance.now() - this.asked < FRESH_FOR;
  }

  private ask(): Promise<Ready> {
    this.asked = performance.now();
    this.pending = this.prepare();
    return this.pending;
  }

  private async prepare(): Promise<Ready> {
    const door = await findDoor(this.model);
    const offer = await door.offer(this.label, this.replace);
    if (offer.label !== this.label) {
      throw new DoorError('The offer is for another label.', 'Run the cell again.');
    }
    return { door, offer };
  }
}

// The approvals that wait for a person, as far as this page knows.

import { type ISignal, Signal } from '@lumino/signaling';
import type { Api } from '../api.ts';
import type { Events } from '../events.ts';
import type { Approval } from '../tokens.ts';

export class OpenApprovals {
  private readonly api: Api;
  private readonly waiting = new Map<string, Approval>();
  private readonly expiry = new Map<string, number>();
  private readonly _changed = new Signal<this, void>(this);
  private readonly _wanted = new Signal<this, string>(this);

  constructor(api: Api, events: Events) {
    this.api = api;
    events.approval.connect((_, approval) => this.add(approval));
    events.approvalClosed.connect((_, closed) => this.drop(closed.approval_id));
    events.connected.connect(() => void this.reconcile());
  }

  /** There is one more or less. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** A person wants to see this one now. */
  get wanted(): ISignal<this, string> {
    return this._wanted;
  }

  /** Those that wait, in the order in which they came. */
  list(): Approval[] {
    return [...this.waiting.values()];
  }

  /** Ask for this one now. */
  bring(id: string): void {
    this._wanted.emit(id);
  }

  /** It is closed. */
  drop(id: string): void {
    window.clearTimeout(this.expiry.get(id));
    this.expiry.delete(id);
    if (this.waiting.delete(id)) {
      this._changed.emit();
    }
  }

  private add(approval: Approval): void {
    const left = Date.parse(approval.expires) - this.api.now();
    if (this.waiting.has(approval.approval_id) || left <= 0) {
      return;
    }
    this.waiting.set(approval.approval_id, approval);
    // The broker denies by itself then; a dialog that stays would only pretend to ask.
    this.expiry.set(
      approval.approval_id,
      window.setTimeout(() => this.drop(approval.approval_id), left)
    );
    this._changed.emit();
  }

  /** The websocket was away: forget what was closed meanwhile, learn what was opened. */
  private async reconcile(): Promise<void> {
    let open: Approval[];
    try {
      open = await this.api.approvals();
    } catch {
      return; // the events that follow say the same
    }
    const ids = new Set(open.map(approval => approval.approval_id));
    for (const id of [...this.waiting.keys()].filter(id => !ids.has(id))) {
      this.drop(id);
    }
    for (const approval of open) {
      this.add(approval);
    }
  }
}

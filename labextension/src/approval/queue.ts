// The approvals that wait for a person, shown one after the other.

import { Notification } from '@jupyterlab/apputils';
import { Widget } from '@lumino/widgets';
import { ApiError } from '../api.ts';
import type { Answer, Approval, IAgent } from '../tokens.ts';
import { ApprovalDialog } from './dialog.ts';
import { TitleHint } from './title.ts';

export class ApprovalQueue {
  private readonly agent: IAgent;
  private readonly waiting = new Map<string, Approval>();
  private readonly expiry = new Map<string, number>();
  private readonly hint = new TitleHint();
  private dialog: ApprovalDialog | null = null;
  private shown: string | null = null;
  private notification: string | null = null;

  constructor(agent: IAgent) {
    this.agent = agent;
    const { events } = agent;
    events.approval.connect((_, approval) => this.add(approval));
    events.approvalClosed.connect((_, closed) => this.drop(closed.approval_id));
    events.connected.connect(() => void this.reconcile());
  }

  private add(approval: Approval): void {
    const left = Date.parse(approval.expires) - this.agent.api.now();
    if (this.waiting.has(approval.approval_id) || left <= 0) {
      return;
    }
    this.waiting.set(approval.approval_id, approval);
    // The broker denies by itself then; a dialog that stays would only pretend to ask.
    this.expiry.set(
      approval.approval_id,
      window.setTimeout(() => this.drop(approval.approval_id), left)
    );
    this.show();
  }

  private drop(id: string): void {
    window.clearTimeout(this.expiry.get(id));
    this.expiry.delete(id);
    this.waiting.delete(id);
    if (this.shown === id) {
      this.dialog?.dispose();
      this.dialog = null;
      this.shown = null;
    }
    this.show();
  }

  /** The websocket was away: forget what was closed meanwhile, learn what was opened. */
  private async reconcile(): Promise<void> {
    let open: Approval[];
    try {
      open = await this.agent.api.approvals();
    } catch {
      return; // the events that follow say the same
    }
    const ids = new Set(open.map(approval => approval.approval_id));
    for (const id of [...this.waiting.keys()]) {
      if (!ids.has(id)) {
        this.drop(id);
      }
    }
    for (const approval of open) {
      this.add(approval);
    }
  }

  private show(): void {
    const next = this.waiting.values().next().value;
    if (!next) {
      this.hint.clear();
      this.dismiss();
      return;
    }
    if (document.hidden) {
      this.hint.show();
      this.notify(next);
    }
    if (this.dialog) {
      return;
    }
    const { api } = this.agent;
    this.shown = next.approval_id;
    this.dialog = new ApprovalDialog(
      next,
      () => api.now(),
      answer => this.answer(next, answer)
    );
    Widget.attach(this.dialog, document.body);
  }

  private async answer(approval: Approval, answer: Answer): Promise<void> {
    try {
      await this.agent.api.answer(approval, answer);
    } catch (reason) {
      const error = ApiError.from(reason);
      if (error.code !== 'grant_denied') {
        throw error;
      }
      // Closed already: answered elsewhere, or it ran out.
      Notification.info(error.message, { autoClose: 5000 });
    }
    this.drop(approval.approval_id);
  }

  private notify(approval: Approval): void {
    this.dismiss();
    this.notification = Notification.warning(
      `${approval.notebook ?? 'A program'} asks for an approval.`,
      {
        autoClose: false
      }
    );
  }

  private dismiss(): void {
    if (this.notification) {
      Notification.dismiss(this.notification);
      this.notification = null;
    }
  }
}

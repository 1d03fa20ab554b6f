// Shows the approvals that wait, one after the other.
//
// One whose notebook is in view is asked at once. One of a notebook that is elsewhere says so, and
// waits in the panel until the person looks: a question about something unseen is answered blindly.

import { Notification } from '@jupyterlab/apputils';
import { Widget } from '@lumino/widgets';
import { ApiError } from '../api.ts';
import type { Answer, Approval, IAgent } from '../tokens.ts';
import { ApprovalDialog } from './dialog.ts';
import { TitleHint } from './title.ts';
import { asker, nextOf } from './turns.ts';
import { visible } from './visible.ts';

export class ApprovalQueue {
  private readonly agent: IAgent;
  private readonly inView: (notebook: string) => boolean;
  private readonly hint = new TitleHint();
  private readonly notices = new Map<string, string>();
  private readonly wanted = new Set<string>();
  private served: string[] = [];
  private dialog: ApprovalDialog | null = null;
  private shown: string | null = null;

  /** @param inView - Whether a notebook, as an absolute path, stands open before the person. */
  constructor(agent: IAgent, inView: (notebook: string) => boolean) {
    this.agent = agent;
    this.inView = inView;
    agent.approvals.changed.connect(() => this.show());
    agent.approvals.wanted.connect((_, id) => {
      this.wanted.add(id);
      this.show();
    });
  }

  /** Look again what is to be shown: something came, went, or came into view. */
  show(): void {
    const waiting = this.agent.approvals.list();
    this.forget(waiting);
    if (waiting.length === 0) {
      this.hint.clear();
    } else if (document.hidden) {
      this.hint.show();
    }
    for (const approval of waiting) {
      if (document.hidden || !this.isSeen(approval)) {
        this.notify(approval);
      }
    }
    this.dialog?.setWaiting(waiting.length - 1);
    if (this.dialog) {
      return;
    }
    const next = nextOf(
      waiting.filter(approval => this.isSeen(approval)),
      this.served
    );
    if (next) {
      this.open(next, waiting.length - 1);
    }
  }

  private open(next: Approval, others: number): void {
    this.shown = next.approval_id;
    this.served = [...this.served.filter(one => one !== asker(next)), asker(next)].slice(-100);
    this.dialog = new ApprovalDialog(next, this.agent.api, (answer, pattern) =>
      this.answer(next, answer, pattern)
    );
    this.dialog.setWaiting(others);
    Widget.attach(this.dialog, document.body);
  }

  /** Close what nobody asks any more. */
  private forget(waiting: Approval[]): void {
    const ids = new Set(waiting.map(approval => approval.approval_id));
    if (this.shown && !ids.has(this.shown)) {
      this.dialog?.dispose();
      this.dialog = null;
      this.shown = null;
    }
    for (const [id, notice] of this.notices) {
      const approval = waiting.find(one => one.approval_id === id);
      if (!approval || (!document.hidden && this.isSeen(approval))) {
        Notification.dismiss(notice);
        this.notices.delete(id);
      }
    }
    for (const id of this.wanted) {
      if (!ids.has(id)) {
        this.wanted.delete(id);
      }
    }
  }

  private isSeen(approval: Approval): boolean {
    const { notebook, claimed, approval_id } = approval;
    return notebook === null || claimed || this.wanted.has(approval_id) || this.inView(notebook);
  }

  private async answer(approval: Approval, answer: Answer, pattern?: string): Promise<void> {
    try {
      await this.agent.api.answer(approval, answer, pattern);
    } catch (reason) {
      const error = ApiError.from(reason);
      if (error.code !== 'grant_denied') {
        throw error;
      }
      // Closed already: answered elsewhere, or it ran out, or the rules have changed.
      Notification.info(error.message, { autoClose: 5000 });
    }
    this.agent.approvals.drop(approval.approval_id);
  }

  private notify(approval: Approval): void {
    const { approval_id: id, notebook } = approval;
    if (this.notices.has(id)) {
      return;
    }
    const where = notebook?.split('/').at(-1);
    const agent = approval.agent && `The agent ${approval.agent}${where ? ` in ${where}` : ''}`;
    const name = visible(agent || where || 'A program');
    const labels = approval.labels.join(', ');
    const what = labels ? `asks for ${labels}` : 'asks for an approval';
    this.notices.set(
      id,
      Notification.warning(`${name} ${what}.`, {
        autoClose: false,
        actions: [{ label: 'Answer…', callback: () => this.agent.approvals.bring(id) }]
      })
    );
  }
}

// One approval, asked of a person.
//
// An own modal and not Lab's Dialog: it must not wait behind another dialog, must not take a key or
// a click that was meant for something else, and must close by itself.

import { Widget } from '@lumino/widgets';
import { type Api, ApiError } from '../api.ts';
import { button, element } from '../dom.ts';
import { countdown } from '../secrets/when.ts';
import type { Answer, Approval } from '../tokens.ts';
import { details, question } from './details.ts';
import { EntryForm } from './entry.ts';
import { PatternForm } from './pattern.ts';

/** Nothing can be pressed this long after the dialog appears or the window comes back, in ms. */
export const ARM_AFTER = 500;

export class ApprovalDialog extends Widget {
  private readonly approval: Approval;
  private readonly now: () => number;
  private readonly entry: EntryForm | null;
  private readonly onAnswer: (answer: Answer, pattern?: string) => Promise<void>;
  private readonly buttons: HTMLButtonElement[];
  private readonly left = element('span', { className: 'ja-approval-left' });
  private readonly problem = element('div', {
    className: 'ja-approval-problem',
    attributes_: { role: 'alert' }
  });
  private readonly before = document.activeElement as HTMLElement | null;
  /** Where the focus goes when what had it is gone by then, as a button in the panel's own list. */
  private readonly near = this.before?.closest('.ja-panel')?.querySelector('h2');
  private readonly others = element('span', { className: 'ja-approval-others' });
  private pattern: PatternForm | null = null;
  private ticker = 0;
  private armTimer = 0;
  private armed = false;
  private answering = false;

  /**
   * @param api - Tells the server's time, and saves a secret that is asked for.
   * @param onAnswer - Rejects when the answer did not arrive.
   */
  constructor(
    approval: Approval,
    api: Api,
    onAnswer: (answer: Answer, pattern?: string) => Promise<void>
  ) {
    super();
    this.approval = approval;
    this.now = () => api.now();
    this.entry =
      approval.kind === 'entry'
        ? new EntryForm(api, approval.labels[0] ?? '', problem => {
            this.problem.textContent = problem;
          })
        : null;
    this.onAnswer = onAnswer;
    this.addClass('ja-approval-cover');
    this.buttons = [...this.answerButtons(), ...(this.entry ? [this.entry.button] : [])];
    const box = element(
      'div',
      {
        className: 'ja-approval jp-mod-styled',
        tabIndex: -1,
        dataset: { approvalId: approval.approval_id, kind: approval.kind },
        attributes_: {
          role: 'alertdialog',
          'aria-modal': 'true',
          'aria-labelledby': 'ja-approval-title',
          'data-lm-suppress-shortcuts': 'true'
        }
      },
      element('h2', { id: 'ja-approval-title' }, question(approval)),
      ...details(approval),
      this.entry ? this.entry.node : null,
      this.problem,
      element(
        'div',
        { className: 'ja-approval-buttons' },
        element(
          'span',
          { className: 'ja-approval-time' },
          this.entry ? 'Waits for ' : 'Denied in ',
          this.left,
          this.others
        ),
        ...this.buttons
      )
    );
    this.node.append(box);
  }

  /** Say how many others wait behind this one. */
  setWaiting(others: number): void {
    this.others.textContent = others > 0 ? ` · ${others} more waiting` : '';
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    window.clearInterval(this.ticker);
    window.clearTimeout(this.armTimer);
    window.removeEventListener('focus', this.disarm);
    window.removeEventListener('keydown', this.onKey, true);
    this.entry?.clear();
    super.dispose();
    (this.before?.isConnected ? this.before : this.near)?.focus();
  }

  protected override onAfterAttach(): void {
    // On the window, before Lab's own listener on the document: no shortcut runs behind the dialog.
    window.addEventListener('keydown', this.onKey, true);
    window.addEventListener('focus', this.disarm);
    this.tick();
    this.ticker = window.setInterval(() => this.tick(), 250);
    this.box.focus();
    this.disarm();
  }

  private get box(): HTMLElement {
    return this.node.firstElementChild as HTMLElement;
  }

  private answerButtons(): HTMLButtonElement[] {
    const { kind, claimed, notebook, choices } = this.approval;
    const known = notebook !== null && !claimed;
    const way = this.approval.request ? 'it' : 'this service';
    const what = kind === 'egress' ? way : 'this script';
    const texts: Record<Answer, string> = {
      deny: kind === 'entry' ? 'No, not this one' : 'Deny',
      pattern: 'A pattern…',
      always: `Allow ${what} ${known ? 'in this notebook' : 'always'}`,
      minutes: 'Allow for 10 minutes',
      once: kind === 'change' ? 'Allow' : 'Allow once'
    };
    const offered = (Object.keys(texts) as Answer[]).filter(
      // A pattern where none could cover it would only be refused.
      one => choices.includes(one) && (one !== 'pattern' || !!this.approval.pattern)
    );
    return offered.map(one => {
      const node = button(
        `jp-mod-styled ja-approval-${one}${one === 'once' ? ' jp-mod-accept' : ''}`,
        texts[one],
        () => (one === 'pattern' ? this.openPattern() : void this.answer(one))
      );
      // A click that a script makes is no person's.
      node.addEventListener('click', event => event.isTrusted || event.stopImmediatePropagation(), {
        capture: true
      });
      return node;
    });
  }

  /** Let the person edit what is permitted; only then a pattern can be allowed. */
  private openPattern(): void {
    if (!this.armed || this.pattern) {
      return;
    }
    this.pattern = new PatternForm(this.approval.pattern ?? '', text =>
      this.answer('pattern', text)
    );
    this.buttons.push(this.pattern.allow);
    this.problem.before(this.pattern.node);
    this.pattern.focus();
  }

  private async answer(answer: Answer, pattern?: string): Promise<void> {
    if (!this.armed || this.answering) {
      return;
    }
    this.answering = true;
    this.setDisabled(true);
    try {
      await this.onAnswer(answer, pattern);
    } catch (reason) {
      this.answering = false;
      const error = ApiError.from(reason);
      this.problem.textContent = `${error.message} ${error.hint}`.trim();
      this.setDisabled(false);
    }
  }

  /** Take no click and no key for a moment: it may have been meant for what stood here before. */
  private readonly disarm = () => {
    this.armed = false;
    this.setDisabled(true);
    window.clearTimeout(this.armTimer);
    this.armTimer = window.setTimeout(() => {
      this.armed = true;
      if (!this.answering) {
        this.setDisabled(false);
        if (!this.box.contains(document.activeElement) || document.activeElement === this.box) {
          (this.entry ?? this.buttons[0])?.focus();
        }
      }
    }, ARM_AFTER);
  };

  private setDisabled(disabled: boolean): void {
    for (const node of this.buttons) {
      node.disabled = disabled;
    }
  }

  /** While a dialog is open the page behind it gets no keys. */
  private readonly onKey = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === 'Enter' && this.entry?.holds(document.activeElement)) {
      event.preventDefault();
      if (this.armed && !event.isComposing && event.isTrusted) {
        void this.entry.submit();
      }
    } else if (event.key === 'Enter' && this.isAllowing(document.activeElement)) {
      // Enter is pressed by habit, and in the page behind it runs things. Space presses a button.
      event.preventDefault();
    } else if (event.key === 'Escape') {
      event.preventDefault();
      void this.answer('deny');
    } else if (event.key === 'Tab') {
      event.preventDefault();
      this.moveFocus(event.shiftKey ? -1 : 1);
    } else if (!this.box.contains(document.activeElement)) {
      event.preventDefault();
      this.box.focus();
    }
  };

  private isAllowing(node: Element | null): boolean {
    return (
      node instanceof HTMLButtonElement && !node.matches('.ja-approval-deny, .ja-approval-pattern')
    );
  }

  private moveFocus(step: number): void {
    const stops = [
      ...this.box.querySelectorAll<HTMLElement>(
        '.ja-approval-facts, pre, input:not([hidden]), textarea, button:not(:disabled)'
      )
    ].filter(
      // The facts are a stop only where a part of them is out of sight: the arrow keys bring it there.
      node => !node.matches('.ja-approval-facts') || node.scrollHeight > node.clientHeight
    );
    const at = stops.indexOf(document.activeElement as HTMLElement);
    stops[(at + step + stops.length) % stops.length]?.focus();
  }

  private tick(): void {
    this.left.textContent = countdown(Date.parse(this.approval.expires) - this.now());
  }
}

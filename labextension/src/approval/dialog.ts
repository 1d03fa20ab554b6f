// One approval, asked of a person.
//
// An own modal and not Lab's Dialog: it must not wait behind another dialog, must not take a key or
// a click that was meant for something else, and must close by itself.

import { Widget } from '@lumino/widgets';
import { button, element } from '../dom.ts';
import { countdown } from '../secrets/when.ts';
import type { Answer, Approval } from '../tokens.ts';
import { visible, words } from './visible.ts';

/** Nothing can be pressed this long after the dialog appears or the window comes back, in ms. */
export const ARM_AFTER = 500;

export class ApprovalDialog extends Widget {
  private readonly approval: Approval;
  private readonly now: () => number;
  private readonly onAnswer: (answer: Answer) => Promise<void>;
  private readonly buttons: HTMLButtonElement[];
  private readonly left = element('span', { className: 'ja-approval-left' });
  private readonly problem = element('div', {
    className: 'ja-approval-problem',
    attributes_: { role: 'alert' }
  });
  private readonly before = document.activeElement;
  private ticker = 0;
  private armTimer = 0;
  private armed = false;
  private answering = false;

  /**
   * @param now - The server's time in ms.
   * @param onAnswer - Rejects when the answer did not arrive.
   */
  constructor(approval: Approval, now: () => number, onAnswer: (answer: Answer) => Promise<void>) {
    super();
    this.approval = approval;
    this.now = now;
    this.onAnswer = onAnswer;
    this.addClass('ja-approval-cover');
    this.buttons = this.answerButtons();
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
      element('h2', { id: 'ja-approval-title' }, this.question()),
      ...(approval.kind === 'change' ? this.changeDetails() : this.runDetails()),
      this.problem,
      element(
        'div',
        { className: 'ja-approval-buttons' },
        element('span', { className: 'ja-approval-time' }, 'Denied in ', this.left),
        ...this.buttons
      )
    );
    this.node.append(box);
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    window.clearInterval(this.ticker);
    window.clearTimeout(this.armTimer);
    window.removeEventListener('focus', this.disarm);
    window.removeEventListener('keydown', this.onKey, true);
    super.dispose();
    if (this.before instanceof HTMLElement && this.before.isConnected) {
      this.before.focus();
    }
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

  private question(): string {
    const { kind, labels, change } = this.approval;
    const names = labels.join(', ');
    if (kind === 'change') {
      const label = change?.label ?? names;
      if (change?.op === 'allow') {
        return `Let what ${label} finds pass as no secret?`;
      }
      if (change?.op === 'save_file') {
        return `Save what ${visible(change.to ?? '')} holds as ${label}?`;
      }
      return change?.op === 'rename' ? `Rename ${label} to ${change.to}?` : `Remove ${label}?`;
    }
    return `May this script use ${names}?`;
  }

  private asker(): HTMLElement {
    const { notebook, claimed, role } = this.approval;
    return fact(
      'Asked by',
      notebook === null
        ? role === 'person'
          ? 'you, outside a notebook'
          : 'a program outside JupyterLab'
        : claimed
          ? element(
              'span',
              { className: 'ja-approval-claimed' },
              'something that claims to be ',
              element('b', {}, visible(notebook))
            )
          : element('b', {}, visible(notebook))
    );
  }

  private changeDetails(): HTMLElement[] {
    const { change } = this.approval;
    const consequences: Record<string, string> = {
      rename: 'Cells and grants that use the old label will no longer find it.',
      save_file: 'The file is read once; it stays where it is.',
      allow:
        change?.scope === 'rule'
          ? 'Nothing that this rule finds in notebooks of this folder is stopped any more.'
          : change?.scope === 'once'
            ? 'One value is not stopped when its cell is run the next time.'
            : 'One value is not stopped any more, wherever it stands.'
    };
    return [
      element(
        'p',
        {},
        consequences[change?.op ?? ''] ?? 'The stored value is deleted and can’t be brought back.'
      ),
      element(
        'dl',
        { className: 'ja-approval-facts' },
        this.asker(),
        change?.op === 'allow' && fact('Why', visible(change.to ?? ''))
      )
    ];
  }

  private runDetails(): HTMLElement[] {
    const { approval } = this;
    const script = visible((approval.script ?? words(approval.argv ?? [])).replace(/\n$/, ''));
    const lines = script.split('\n').length;
    const pre = element(
      'pre',
      { className: 'ja-approval-script', tabIndex: 0, attributes_: { 'aria-label': 'Script' } },
      script
    );
    return [
      element(
        'dl',
        { className: 'ja-approval-facts' },
        this.asker(),
        fact(
          'Secrets',
          ...approval.labels.map(label =>
            element('code', { className: 'ja-approval-label' }, label)
          )
        ),
        fact('Folder', element('code', {}, visible(approval.cwd))),
        fact(
          approval.argv ? 'Run' : 'Shell',
          approval.argv ? 'directly, no shell' : element('code', {}, visible(approval.shell))
        ),
        approval.executables.length > 0 &&
          fact(
            'Programs',
            ...approval.executables.map(({ word, path }) =>
              element(
                'code',
                { className: 'ja-approval-program', title: word },
                visible(path || `${word}: not found`)
              )
            )
          )
      ),
      element(
        'div',
        { className: 'ja-approval-lines' },
        lines === 1 ? 'Script, 1 line' : `Script, ${lines} lines`
      ),
      pre,
      element(
        'p',
        { className: 'ja-approval-caution' },
        'It can do with the secret whatever it says. Read it before you allow it.'
      )
    ];
  }

  private answerButtons(): HTMLButtonElement[] {
    const { kind, claimed, notebook } = this.approval;
    const make = (answer: Answer, text: string, className: string) =>
      button(
        `jp-mod-styled ${className} ja-approval-${answer}`,
        text,
        () => void this.answer(answer)
      );
    const always = kind === 'run' && !claimed && notebook !== null;
    return [
      make('deny', 'Deny', ''),
      ...(always ? [make('always', 'Allow this script in this notebook', '')] : []),
      make('once', kind === 'change' ? 'Allow' : 'Allow once', 'jp-mod-accept')
    ];
  }

  private async answer(answer: Answer): Promise<void> {
    if (!this.armed || this.answering) {
      return;
    }
    this.answering = true;
    this.setDisabled(true);
    try {
      await this.onAnswer(answer);
    } catch (reason) {
      this.answering = false;
      this.problem.textContent = (reason as Error).message;
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
          this.buttons[0]?.focus();
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
    if (event.key === 'Escape') {
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

  private moveFocus(step: number): void {
    const stops = [...this.box.querySelectorAll<HTMLElement>('pre, button:not(:disabled)')];
    const at = stops.indexOf(document.activeElement as HTMLElement);
    stops[(at + step + stops.length) % stops.length]?.focus();
  }

  private tick(): void {
    this.left.textContent = countdown(Date.parse(this.approval.expires) - this.now());
  }
}

function fact(name: string, ...what: (Node | string)[]): HTMLElement {
  return element('div', {}, element('dt', {}, name), element('dd', {}, ...what));
}

// The dialog about a message that was not sent.
//
// An own modal and not Lab's Dialog, which takes every Enter for itself, also in the label's field.

import { Widget } from '@lumino/widgets';
import { button, element } from '../dom.ts';
import { blockedIcon } from '../icons.ts';

/** The button can't be pressed this long, in ms: an Enter too many was meant for the message. */
const ARM_AFTER = 500;

export interface About {
  title: string;
  text: string;
  rows: readonly HTMLElement[];
  /** More buttons beside the one that goes back to the message. */
  buttons: readonly HTMLButtonElement[];
}

export class NotSentDialog extends Widget {
  private readonly box: HTMLElement;
  private readonly onClosed: () => void;
  private armTimer = 0;

  /** @param onClosed - The person goes back to the message. */
  constructor({ title, text, rows, buttons }: About, onClosed: () => void) {
    super();
    this.onClosed = onClosed;
    this.addClass('ja-approval-cover');
    this.box = element(
      'div',
      {
        className: 'ja-approval ja-not-sent jp-mod-styled',
        tabIndex: -1,
        attributes_: {
          role: 'alertdialog',
          'aria-modal': 'true',
          'aria-labelledby': 'ja-not-sent-title',
          'data-lm-suppress-shortcuts': 'true'
        }
      },
      element(
        'h2',
        { id: 'ja-not-sent-title' },
        blockedIcon.element({ tag: 'span', className: 'ja-icon' }),
        title
      ),
      element('p', { className: 'ja-not-sent-text' }, text),
      rows.length > 0 &&
        element(
          'div',
          { className: 'ja-blocked' },
          element('ul', { className: 'ja-blocked-findings' }, ...rows)
        ),
      element(
        'div',
        { className: 'ja-approval-buttons' },
        ...buttons,
        button('jp-mod-styled ja-edit-message', 'Edit message', () => this.dispose())
      )
    );
    this.node.append(this.box);
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    window.clearTimeout(this.armTimer);
    window.removeEventListener('keydown', this.onKey, true);
    super.dispose();
    this.onClosed();
  }

  protected override onAfterAttach(): void {
    window.addEventListener('keydown', this.onKey, true);
    this.box.focus();
    this.armTimer = window.setTimeout(() => {
      if (document.activeElement === this.box) {
        this.box.querySelector<HTMLButtonElement>('button')?.focus();
      }
    }, ARM_AFTER);
  }

  // On the window, before Lab's own listener on the document: no shortcut runs behind the dialog.
  private readonly onKey = (event: KeyboardEvent): void => {
    const inForm = (event.target as Element | null)?.closest('.ja-finding-form');
    if (event.key === 'Escape' && !inForm) {
      event.preventDefault();
      event.stopPropagation();
      this.dispose();
    } else if (event.key === 'Tab') {
      this.keepFocus(event);
    } else if (!this.box.contains(event.target as Node)) {
      event.preventDefault();
      event.stopPropagation();
      this.box.focus();
    }
  };

  private keepFocus(event: KeyboardEvent): void {
    const all = [...this.box.querySelectorAll<HTMLElement>('button, input, select')].filter(
      node => node.offsetParent !== null && !(node as HTMLButtonElement).disabled
    );
    const at = all.indexOf(document.activeElement as HTMLElement);
    const next = at + (event.shiftKey ? -1 : 1);
    if (at < 0 || next < 0 || next >= all.length) {
      event.preventDefault();
      (event.shiftKey && at >= 0 ? all[all.length - 1] : all[0])?.focus();
    }
  }
}

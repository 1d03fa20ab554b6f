// The row in which a person writes what may run from now on.

import { button, element } from '../dom.ts';

export class PatternForm {
  readonly node: HTMLElement;
  readonly allow: HTMLButtonElement;
  private readonly input: HTMLInputElement;

  /**
   * @param suggested - Covers the command that was asked about.
   * @param onAllow - Takes what the person has written.
   */
  constructor(suggested: string, onAllow: (pattern: string) => Promise<void>) {
    this.input = element('input', {
      id: 'ja-approval-pattern-text',
      type: 'text',
      value: suggested,
      spellcheck: false,
      className: 'ja-input ja-approval-pattern-text',
      attributes_: { autocomplete: 'off', 'aria-describedby': 'ja-approval-pattern-hint' }
    });
    this.allow = button(
      'jp-mod-styled ja-approval-pattern-allow',
      'Allow this pattern',
      () => void onAllow(this.input.value.trim())
    );
    this.allow.addEventListener(
      'click',
      event => event.isTrusted || event.stopImmediatePropagation(),
      { capture: true }
    );
    this.node = element(
      'div',
      { className: 'ja-approval-pattern-form' },
      element('label', { htmlFor: this.input.id }, 'Commands that may run without being asked for'),
      this.input,
      this.allow,
      element(
        'p',
        { id: 'ja-approval-pattern-hint' },
        'An unquoted * stands for any text within one argument. In what goes over the network, the host is written out.'
      )
    );
  }

  focus(): void {
    this.input.focus();
    this.input.setSelectionRange(this.input.value.length, this.input.value.length);
  }
}

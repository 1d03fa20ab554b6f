// The label field: tidies while a person types and says what is wrong. No Lab imports.

import { element } from '../dom.ts';
import { labelProblem, MAX_LABEL, tidyLabel } from '../label.ts';

export class LabelField {
  readonly node: HTMLElement;
  private readonly input: HTMLInputElement;
  private readonly problem: HTMLElement;

  /**
   * @param id - Of the input, for its `<label for>`.
   * @param onEnter - The person is done typing.
   */
  constructor(id: string, label: string, onEnter: () => void) {
    this.problem = element('div', {
      id: `${id}-problem`,
      className: 'ja-label-problem',
      attributes_: { role: 'status' }
    });
    this.input = element('input', {
      id,
      type: 'text',
      value: label,
      maxLength: MAX_LABEL,
      placeholder: 'GITHUB_TOKEN',
      className: 'ja-label-input ja-input',
      attributes_: {
        autocomplete: 'off',
        autocapitalize: 'characters',
        spellcheck: 'false',
        'data-lm-suppress-shortcuts': 'true',
        'aria-describedby': `${id}-problem`
      }
    });
    this.input.addEventListener('input', () => {
      const caret = this.input.selectionStart;
      this.input.value = tidyLabel(this.input.value);
      this.input.setSelectionRange(caret, caret);
      this.report(this.input.value === '' ? '' : labelProblem(this.input.value));
    });
    this.input.addEventListener('keydown', event => {
      if (event.key === 'Enter' && !event.isComposing) {
        event.preventDefault();
        onEnter();
      }
    });
    this.node = element('div', { className: 'ja-label' }, this.input, this.problem);
  }

  get value(): string {
    return this.input.value;
  }

  set disabled(disabled: boolean) {
    this.input.disabled = disabled;
  }

  /** Whether the label will do; shows why not and puts the cursor there. */
  check(): boolean {
    const problem = labelProblem(this.value);
    this.report(problem);
    if (problem !== '') {
      this.focus();
    }
    return problem === '';
  }

  focus(): void {
    this.input.focus();
    this.input.select();
  }

  private report(problem: string): void {
    this.problem.textContent = problem;
    this.input.setAttribute('aria-invalid', String(problem !== ''));
  }
}

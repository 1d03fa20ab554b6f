// The masked field: the one place in a page that a value is typed into.
//
// The value lives in the DOM control, or in the file that was picked, and nowhere else; `take` hands it
// over once and clears it.
// No Lab imports: the notebook widget uses the same field where there is no Lab.

import { button, element } from '../dom.ts';
import type { Value } from '../seal.ts';
import { PickedFile } from './picked.ts';

// Lumino must not read keystrokes as shortcuts; browsers and password managers must not keep,
// correct or send away what is typed.
const PRIVATE = {
  autocomplete: 'off',
  autocapitalize: 'off',
  autocorrect: 'off',
  spellcheck: 'false',
  'data-lm-suppress-shortcuts': 'true',
  'data-lpignore': 'true',
  'data-1p-ignore': 'true'
};

export class ValueField {
  readonly node: HTMLElement;
  private control: HTMLInputElement | HTMLTextAreaElement;
  private readonly id: string;
  private readonly onEnter: () => void;
  private readonly toggle: HTMLButtonElement;
  private readonly lines: HTMLButtonElement;
  private readonly picked: PickedFile;
  private readonly tools: HTMLElement;
  private readonly remark: HTMLElement;
  private readonly onEdit: () => void;
  private shown = false;

  /**
   * @param id - Of the control, for its `<label for>`.
   * @param onEnter - The person is done typing.
   * @param onEdit - The person has typed, or picked a file.
   * @param oneLine - It is a passphrase: no several lines and no file.
   */
  constructor(id: string, onEnter: () => void, onEdit: () => void = () => {}, oneLine = false) {
    this.id = id;
    this.onEnter = onEnter;
    this.onEdit = onEdit;
    this.control = this.input();
    // Its word says what it does; as a pressed "Hide" it would say both.
    this.toggle = button('ja-field-tool ja-field-toggle', 'Show', () => this.show(!this.shown), {
      'aria-controls': id
    });
    this.lines = button('ja-field-tool ja-field-lines', 'Several lines', () => this.switchLines(), {
      'aria-pressed': 'false',
      title: 'For private keys and certificates'
    });
    this.remark = element('div', { className: 'ja-field-remark', attributes_: { role: 'status' } });
    this.picked = new PickedFile(problem => this.showPicked(problem));
    const more = oneLine ? [] : [this.lines, this.picked.button];
    this.tools = element('div', { className: 'ja-field-tools' }, this.toggle, ...more);
    this.node = element(
      'div',
      { className: 'ja-field' },
      this.control,
      this.picked.node,
      this.tools,
      this.remark
    );
    if (!oneLine) {
      this.picked.catchOn(this.node);
    }
  }

  get empty(): boolean {
    return this.control.value === '' && !this.picked.there;
  }

  private get multiline(): boolean {
    return this.control instanceof HTMLTextAreaElement;
  }

  focus(): void {
    this.control.focus();
  }

  /** The value, which the field forgets with this. */
  take(): Value {
    const value = this.picked.there ? this.picked.take() : this.control.value;
    this.clear();
    return value;
  }

  /** Put a value in that the page has made itself. */
  put(value: string): void {
    this.clear();
    this.setLines(false);
    this.control.value = value;
  }

  /** Forget what was typed, the browser's own undo list for the control included. */
  clear(): void {
    this.picked.clear();
    this.tools.hidden = false;
    this.control.value = '';
    this.show(false);
    // A fresh control has no undo list that could bring the value back.
    const fresh = this.multiline ? this.textarea() : this.input();
    this.swap(fresh, false);
    this.control.hidden = false;
    this.remark.textContent = '';
  }

  set disabled(disabled: boolean) {
    this.control.disabled = disabled;
    this.toggle.disabled = disabled;
    this.lines.disabled = disabled;
    this.picked.button.disabled = disabled;
  }

  /** A file takes the place of what was typed. */
  private showPicked(problem: string): void {
    const { there } = this.picked;
    if (there) {
      this.control.value = '';
    }
    this.control.hidden = there;
    this.tools.hidden = there;
    this.remark.textContent = problem;
    this.onEdit();
    if (!there) {
      this.focus();
    }
  }

  private show(shown: boolean): void {
    this.shown = shown;
    if (this.control instanceof HTMLInputElement) {
      this.control.type = shown ? 'text' : 'password';
    }
    this.control.classList.toggle('ja-mod-shown', shown);
    this.toggle.textContent = shown ? 'Hide' : 'Show';
  }

  private switchLines(): void {
    if (this.multiline && hasLines(this.control.value)) {
      // One line would drop the breaks, and nobody sees a masked value change.
      this.remark.textContent = 'It has several lines, and one line would join them.';
      this.control.focus();
    } else {
      this.setLines(!this.multiline);
    }
  }

  private setLines(multiline: boolean): void {
    const value = this.control.value;
    this.control.value = '';
    this.swap(multiline ? this.textarea() : this.input(), true);
    this.control.value = value;
    this.show(this.shown);
    this.control.focus();
  }

  private swap(fresh: HTMLInputElement | HTMLTextAreaElement, keepState: boolean): void {
    fresh.disabled = this.control.disabled;
    this.control.replaceWith(fresh);
    this.control = fresh;
    this.lines.setAttribute('aria-pressed', String(this.multiline));
    if (!keepState) {
      this.show(false);
    }
  }

  private input(): HTMLInputElement {
    const node = element('input', {
      id: this.id,
      type: 'password',
      className: 'ja-field-value ja-input',
      attributes_: PRIVATE
    });
    // A one-line field drops line breaks without a word, and a key without them is no key.
    const keepLines = (event: Event, given: DataTransfer | null) => {
      const text = given?.getData('text/plain') ?? '';
      if (hasLines(text)) {
        event.preventDefault();
        this.setLines(true);
        this.control.value = text;
        this.inspect();
        this.onEdit();
      }
    };
    node.addEventListener('paste', event => keepLines(event, event.clipboardData));
    node.addEventListener('drop', event => keepLines(event, event.dataTransfer));
    return this.listen(node);
  }

  private textarea(): HTMLTextAreaElement {
    const node = element('textarea', {
      id: this.id,
      rows: 5,
      className: 'ja-field-value ja-input ja-mod-masked',
      attributes_: PRIVATE
    });
    return this.listen(node);
  }

  private listen<T extends HTMLElement>(node: T): T {
    node.addEventListener('input', () => {
      this.inspect();
      this.onEdit();
    });
    node.addEventListener('keydown', event => {
      if (
        event.key === 'Enter' &&
        !event.isComposing &&
        (!this.multiline || event.ctrlKey || event.metaKey)
      ) {
        event.preventDefault();
        this.onEnter();
      }
    });
    // Nothing above this field in the page has a reason to see the keys.
    for (const type of ['keypress', 'keyup', 'copy', 'cut', 'paste']) {
      node.addEventListener(type, event => event.stopPropagation());
    }
    // Browsers let nothing out of a masked line. From masked lines they take dots, or what is below
    // them: a cut that is pasted back would be stored as dots.
    for (const type of ['copy', 'cut', 'dragstart']) {
      node.addEventListener(type, event => {
        if (!this.shown) {
          event.preventDefault();
        }
      });
    }
    return node;
  }

  private inspect(): void {
    const value = this.control.value;
    const edge = this.multiline ? /^[ \t]|[ \t]$/ : /^\s|\s$/;
    this.remark.textContent =
      value !== '' && edge.test(value) ? 'It starts or ends with a space.' : '';
  }
}

/** Whether there is more than one line; a break behind the last one is none. */
function hasLines(text: string): boolean {
  return /\n/.test(text.trim());
}

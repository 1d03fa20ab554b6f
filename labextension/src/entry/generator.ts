// The button that makes a password and puts it, masked, into the value field.

import { button, element } from '../dom.ts';
import { ALPHABETS, bits, generate, LONGEST, SHORTEST, USUAL } from './generate.ts';

export class Generator {
  readonly node: HTMLDetailsElement;
  private readonly put: (value: string) => void;
  private readonly length: HTMLInputElement;
  private readonly alphabet: HTMLSelectElement;
  private readonly strength = element('span', { className: 'ja-generator-bits' });
  private readonly said = element('div', {
    className: 'ja-field-remark',
    attributes_: { role: 'status' }
  });
  private readonly copy: HTMLButtonElement;
  private made = '';

  /**
   * @param id - In front of the ids of its fields.
   * @param put - Takes what was made; nobody sees it.
   */
  constructor(id: string, put: (value: string) => void) {
    this.put = put;
    this.length = element('input', {
      id: `${id}-length`,
      type: 'number',
      className: 'ja-input ja-generator-length',
      value: String(USUAL),
      min: String(SHORTEST),
      max: String(LONGEST)
    });
    this.alphabet = element(
      'select',
      {
        id: `${id}-alphabet`,
        className: 'ja-input',
        attributes_: { 'aria-label': 'Characters' }
      },
      ...ALPHABETS.map(each => element('option', { value: each.id }, each.title))
    );
    for (const field of [this.length, this.alphabet]) {
      field.addEventListener('input', () => this.tell());
    }
    this.copy = button('ja-quiet ja-generator-copy', 'Copy once', () => void this.copyOnce(), {
      title: 'For the place that has to know it too. It can be copied until it is saved, once.'
    });
    this.copy.disabled = true;
    this.node = element(
      'details',
      { className: 'ja-generator' },
      element('summary', {}, 'Generate a password'),
      element(
        'div',
        { className: 'ja-generator-choice' },
        element('label', { htmlFor: this.length.id }, 'Length'),
        this.length,
        this.strength,
        this.alphabet
      ),
      element(
        'div',
        { className: 'ja-generator-choice' },
        button('jp-mod-styled ja-generator-make', 'Generate', () => this.make()),
        this.copy
      ),
      this.said
    );
    this.tell();
  }

  /** Forget what was made. */
  clear(): void {
    this.made = '';
    this.copy.disabled = true;
    this.copy.textContent = 'Copy once';
  }

  private make(): void {
    const length = this.chosenLength();
    this.length.value = String(length);
    this.clear();
    this.made = generate(length, this.characters());
    this.put(this.made);
    this.copy.disabled = !navigator.clipboard; // plain-http pages have none
    this.said.textContent = navigator.clipboard
      ? 'It is in the field above, masked. Copy it now if another place needs it.'
      : 'It is in the field above, masked. This page can’t copy: it came over plain http.';
  }

  private async copyOnce(): Promise<void> {
    const value = this.made;
    this.made = '';
    this.copy.disabled = true;
    try {
      await navigator.clipboard.writeText(value);
      this.copy.textContent = 'Copied';
      this.said.textContent = 'The clipboard keeps it until you copy something else.';
    } catch {
      this.made = value;
      this.copy.disabled = false;
      this.said.textContent = 'The browser did not let this page copy.';
    }
  }

  private tell(): void {
    this.strength.textContent = `${bits(this.chosenLength(), this.characters())} bits`;
  }

  private chosenLength(): number {
    const length = Math.round(Number(this.length.value)) || USUAL;
    return Math.min(LONGEST, Math.max(SHORTEST, length));
  }

  private characters(): string {
    const chosen = ALPHABETS.find(each => each.id === this.alphabet.value) ?? ALPHABETS[0];
    return chosen?.characters ?? '';
  }
}

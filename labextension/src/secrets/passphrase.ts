// The form for the vault's passphrase: sealed in the page like any value.

import { type Api, ApiError, type SealedPassphrase } from '../api.ts';
import { button, element } from '../dom.ts';
import { ValueField } from '../entry/field.ts';
import { PlainTick } from '../entry/plain.ts';
import { sealPassphrase } from '../save.ts';

export class PassphraseForm {
  readonly node: HTMLElement;
  private readonly api: Api;
  private readonly use: (passphrase: SealedPassphrase) => Promise<void>;
  private readonly fields: ValueField[];
  private readonly plain = new PlainTick();
  private readonly save: HTMLButtonElement;
  private readonly problem = element('div', {
    className: 'ja-form-problem',
    attributes_: { role: 'alert' }
  });

  /**
   * @param chosen - It is a new one: a typing error would lock everybody out, so it is typed twice.
   * @param use - Does what the passphrase is for; what it throws is shown here.
   * @param back - Leaves this form, where there is another way.
   */
  constructor(
    api: Api,
    chosen: boolean,
    use: (passphrase: SealedPassphrase) => Promise<void>,
    back?: () => void
  ) {
    this.api = api;
    this.use = use;
    const submit = () => void this.submit();
    const texts = chosen ? ['New passphrase', 'Once more'] : ['Passphrase of the vault'];
    this.fields = texts.map(
      (_, index) => new ValueField(`ja-passphrase-${index}`, submit, undefined, true)
    );
    this.save = button(
      'jp-mod-styled jp-mod-accept ja-passphrase-use',
      chosen ? 'Make the vault' : 'Open',
      submit
    );
    this.node = element(
      'div',
      {
        className: 'ja-passphrase',
        attributes_: { role: 'form', 'aria-label': texts[0] ?? '' }
      },
      ...texts.map((text, index) =>
        element(
          'div',
          { className: 'ja-form-row' },
          element('label', { htmlFor: `ja-passphrase-${index}` }, text),
          this.fields[index]?.node
        )
      ),
      chosen &&
        element(
          'p',
          { className: 'ja-notice-hint' },
          'Several words that nobody guesses. Nobody can bring it back: without it the secrets are lost.'
        ),
      this.plain.node,
      this.problem,
      element(
        'div',
        { className: 'ja-form-buttons' },
        back && button('jp-mod-styled ja-passphrase-back', 'Back', back),
        this.save
      )
    );
  }

  focus(): void {
    this.fields[0]?.focus();
  }

  dispose(): void {
    for (const field of this.fields) {
      field.clear();
    }
  }

  private async submit(): Promise<void> {
    if (this.save.disabled) {
      return;
    }
    const missing = this.fields.find(field => field.empty);
    if (missing) {
      missing.focus();
      return;
    }
    if (this.plain.problem) {
      this.report(this.plain.problem);
      this.plain.focus();
      return;
    }
    const [typed, again] = this.fields.map(field => field.take());
    if (typed === undefined || (again !== undefined && again !== typed)) {
      this.report('The two are not the same; type them again.');
      this.focus();
      return;
    }
    this.save.disabled = true;
    this.report('');
    try {
      await this.use(await sealPassphrase(this.api, () => typed, this.plain.accepted));
    } catch (reason) {
      const { message, hint } = ApiError.from(reason);
      this.report(`${message} ${hint}`.trim());
      this.focus();
    } finally {
      this.save.disabled = false;
    }
  }

  private report(problem: string): void {
    this.problem.textContent = problem;
  }
}

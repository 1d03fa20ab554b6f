// The form that adds or replaces a secret. The value is sealed in this page; see save.ts.

import { type Api, ApiError } from '../api.ts';
import { button, element } from '../dom.ts';
import { ValueField } from '../entry/field.ts';
import { Generator } from '../entry/generator.ts';
import { LabelField } from '../entry/label.ts';
import { PlainTick } from '../entry/plain.ts';
import { saveSecret } from '../save.ts';
import type { SecretMeta } from '../tokens.ts';
import { AboutFields } from './about.ts';

export interface FormEnd {
  saved(secret: SecretMeta): void;
  cancelled(): void;
}

let forms = 0;

export class SecretForm {
  readonly node: HTMLElement;
  private readonly api: Api;
  private readonly end: FormEnd;
  readonly replacing: string | null;
  private readonly label: LabelField;
  private readonly value: ValueField;
  private readonly generator: Generator;
  private readonly about: AboutFields;
  private readonly plain = new PlainTick();
  private readonly problem: HTMLElement;
  private readonly submitButton: HTMLButtonElement;
  private busy = false;
  private disposed = false;

  /** @param replacing - The label whose value is replaced; null to add a secret. */
  constructor(api: Api, replacing: string | null, end: FormEnd) {
    this.api = api;
    this.end = end;
    this.replacing = replacing;
    forms += 1;
    const id = `ja-form-${forms}`;
    const submit = () => void this.submit();
    this.label = new LabelField(`${id}-label`, replacing ?? '', () => this.value.focus());
    this.value = new ValueField(`${id}-value`, submit, () => this.generator.clear());
    this.generator = new Generator(`${id}-generator`, value => this.value.put(value));
    // A new value begins its own life, so the old one's end is not carried over.
    this.about = new AboutFields(id, null, api.now());
    this.problem = element('div', { className: 'ja-form-problem', attributes_: { role: 'alert' } });
    this.submitButton = button('jp-mod-styled jp-mod-accept ja-form-save', this.word, submit);
    this.node = this.build(id);
    this.node.addEventListener('keydown', event => {
      if (event.key === 'Escape' && !event.isComposing) {
        event.stopPropagation();
        this.cancel();
      }
    });
  }

  private get word(): string {
    return this.replacing ? 'Replace' : 'Save';
  }

  focus(): void {
    if (this.replacing) {
      this.value.focus();
    } else {
      this.label.focus();
    }
  }

  dispose(): void {
    this.disposed = true;
    this.forget();
    this.node.remove();
  }

  private build(id: string): HTMLElement {
    const row = (name: string, text: string, field: HTMLElement) =>
      element(
        'div',
        { className: 'ja-form-row' },
        element('label', { htmlFor: `${id}-${name}` }, text),
        field
      );
    return element(
      'div',
      {
        className: 'ja-form jp-mod-styled',
        tabIndex: -1,
        attributes_: {
          role: 'form',
          'aria-label': this.replacing ? `Replace ${this.replacing}` : 'Add a secret'
        }
      },
      this.replacing
        ? element(
            'p',
            { className: 'ja-form-lead' },
            'New value for ',
            element('code', {}, this.replacing),
            '. The old one is forgotten.'
          )
        : row('label', 'Label', this.label.node),
      row('value', 'Value', this.value.node),
      this.generator.node,
      element(
        'details',
        { className: 'ja-form-more' },
        element('summary', {}, 'Kind, expiry, rotation, note'),
        ...this.about.nodes
      ),
      this.plain.node,
      this.problem,
      element(
        'div',
        { className: 'ja-form-buttons' },
        button('jp-mod-styled ja-form-cancel', 'Cancel', () => this.cancel()),
        this.submitButton
      ),
      element(
        'p',
        { className: 'ja-form-promise' },
        'Sealed in this page before it is sent. Nothing shows it again.'
      )
    );
  }

  private async submit(): Promise<void> {
    if (this.busy || (!this.replacing && !this.label.check())) {
      return;
    }
    if (this.value.empty) {
      this.report('The value is missing.');
      this.value.focus();
      return;
    }
    if (this.plain.problem) {
      this.report(this.plain.problem);
      this.plain.focus();
      return;
    }
    if (this.about.problem) {
      this.report(this.about.problem);
      this.about.focusProblem();
      return;
    }
    this.setBusy(true);
    this.report('');
    const label = this.replacing ?? this.label.value;
    try {
      const secret = await saveSecret(
        this.api,
        label,
        () => this.value.take(),
        this.replacing !== null,
        this.about.changes(),
        this.plain.accepted
      );
      this.generator.clear();
      if (!this.disposed) {
        this.end.saved(secret);
      }
    } catch (reason) {
      const error = ApiError.from(reason);
      this.setBusy(false);
      const cleared = this.value.empty ? ' The value was cleared; enter it again.' : '';
      this.report(`${error.message} ${error.hint}${cleared}`);
      if (error.code === 'label_taken') {
        this.label.focus();
      } else {
        this.value.focus();
      }
    }
  }

  private cancel(): void {
    this.forget();
    this.end.cancelled();
  }

  private forget(): void {
    this.value.clear();
    this.generator.clear();
  }

  private setBusy(busy: boolean): void {
    this.busy = busy;
    // A broker may wait for a keyring, or hang: say so, and let Escape still leave the form, which a
    // field that is disabled would not hear.
    this.submitButton.textContent = busy ? 'Saving…' : this.word;
    if (busy && this.node.contains(document.activeElement)) {
      this.node.focus({ preventScroll: true });
    }
    this.submitButton.disabled = busy;
    this.value.disabled = busy;
    this.label.disabled = busy;
  }

  private report(problem: string): void {
    this.problem.textContent = problem;
  }
}

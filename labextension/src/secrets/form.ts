// The form that adds or replaces a secret. The value is sealed in this page; see save.ts.

import { type Api, ApiError } from '../api.ts';
import { button, element } from '../dom.ts';
import { ValueField } from '../entry/field.ts';
import { LabelField } from '../entry/label.ts';
import { type Details, saveSecret } from '../save.ts';
import type { SecretMeta } from '../tokens.ts';

const KINDS: [string, string][] = [
  ['', 'Not said'],
  ['api-key', 'API key'],
  ['access-token', 'Access token'],
  ['refresh-token', 'Refresh token'],
  ['password', 'Password'],
  ['private-key', 'Private key'],
  ['connection-string', 'Connection string'],
  ['session', 'Session'],
  ['recovery', 'Recovery phrase or code'],
  ['login-code', 'Login code']
];

export function kindTitle(kind: string): string {
  return kind === '' ? '' : (KINDS.find(([name]) => name === kind)?.[1] ?? kind);
}

export interface FormEnd {
  saved(secret: SecretMeta): void;
  cancelled(): void;
}

let forms = 0;

export class SecretForm {
  readonly node: HTMLElement;
  private readonly api: Api;
  private readonly end: FormEnd;
  private readonly replacing: string | null;
  private readonly label: LabelField;
  private readonly value: ValueField;
  private readonly kind: HTMLSelectElement;
  private readonly expires: HTMLInputElement;
  private readonly note: HTMLInputElement;
  private readonly accept: HTMLInputElement | null;
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
    this.value = new ValueField(`${id}-value`, submit);
    this.kind = element(
      'select',
      { id: `${id}-kind`, className: 'ja-input' },
      ...KINDS.map(([value, text]) => element('option', { value }, text))
    );
    this.expires = element('input', { id: `${id}-expires`, type: 'date', className: 'ja-input' });
    this.note = element('input', {
      id: `${id}-note`,
      type: 'text',
      maxLength: 200,
      className: 'ja-input',
      placeholder: 'What it is for; shown in lists',
      attributes_: { autocomplete: 'off', 'data-lm-suppress-shortcuts': 'true' }
    });
    // On plain http whoever can change the traffic can change this page and read what is typed.
    this.accept = window.isSecureContext ? null : element('input', { type: 'checkbox' });
    this.problem = element('div', { className: 'ja-form-problem', attributes_: { role: 'alert' } });
    this.submitButton = button(
      'jp-mod-styled jp-mod-accept ja-form-save',
      replacing ? 'Replace' : 'Save',
      submit
    );
    this.node = this.build(id);
    this.node.addEventListener('keydown', event => {
      if (event.key === 'Escape' && !event.isComposing) {
        event.stopPropagation();
        this.cancel();
      }
    });
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
    this.value.clear();
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
      element(
        'details',
        { className: 'ja-form-more' },
        element('summary', {}, 'Kind, expiry, note'),
        row('kind', 'Kind', this.kind),
        row('expires', 'Expires', this.expires),
        row('note', 'Note', this.note)
      ),
      this.accept &&
        element(
          'label',
          { className: 'ja-form-plain' },
          this.accept,
          'This page came over plain http: whoever can change the traffic could read what I type. I accept that for this value.'
        ),
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
    if (this.accept && !this.accept.checked) {
      this.report('Tick the box above, or open JupyterLab over https.');
      this.accept.focus();
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
        this.details()
      );
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

  private details(): Details {
    return {
      ...(this.kind.value && { kind: this.kind.value }),
      ...(this.note.value && { note: this.note.value }),
      // The end of that day where the person is.
      ...(this.expires.value && {
        expires: new Date(`${this.expires.value}T23:59:59`).toISOString()
      })
    };
  }

  private cancel(): void {
    this.value.clear();
    this.end.cancelled();
  }

  private setBusy(busy: boolean): void {
    this.busy = busy;
    this.submitButton.disabled = busy;
    this.value.disabled = busy;
    this.label.disabled = busy;
  }

  private report(problem: string): void {
    this.problem.textContent = problem;
  }
}

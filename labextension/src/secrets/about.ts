// What a person notes about a secret: its kind, a note, when it ends and how often it is rotated.

import { button, element } from '../dom.ts';
import type { About, SecretMeta } from '../tokens.ts';

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

const ROTATIONS = [30, 60, 90, 180, 365];
const DAY = 86_400_000;

export function kindTitle(kind: string): string {
  return kind === '' ? '' : (KINDS.find(([name]) => name === kind)?.[1] ?? kind);
}

export class AboutFields {
  readonly nodes: HTMLElement[];
  private readonly before: SecretMeta | null;
  private readonly kind: HTMLSelectElement;
  private readonly note: HTMLInputElement;
  private readonly expires: HTMLInputElement;
  private readonly rotate: HTMLSelectElement;

  /**
   * @param id - In front of the ids of the fields.
   * @param before - What is noted already, or null.
   * @param now - In ms.
   */
  constructor(id: string, before: SecretMeta | null, now: number) {
    this.before = before;
    this.kind = select(`${id}-kind`, KINDS, before?.kind ?? '');
    this.note = element('input', {
      id: `${id}-note`,
      type: 'text',
      maxLength: 200,
      className: 'ja-input',
      placeholder: 'What it is for; shown in lists',
      value: before?.note ?? '',
      attributes_: { autocomplete: 'off', 'data-lm-suppress-shortcuts': 'true' }
    });
    this.expires = element('input', {
      id: `${id}-expires`,
      type: 'date',
      // Or the field takes 26 for the year 26, and years of six digits, which are no time.
      min: '1970-01-01',
      max: '9999-12-31',
      className: 'ja-input',
      value: day(before?.expires)
    });
    const rotate = before?.rotate_every ?? 0;
    const days = ROTATIONS.includes(rotate) || rotate === 0 ? ROTATIONS : [...ROTATIONS, rotate];
    this.rotate = select(
      `${id}-rotate`,
      [
        ['0', 'No reminder'],
        ...days.sort((a, b) => a - b).map((n): [string, string] => [`${n}`, `Every ${n} days`])
      ],
      String(rotate)
    );
    const soon = [30, 90, 365].map(n =>
      button('ja-field-tool', `${n} days`, () => {
        this.expires.value = day(new Date(now + n * DAY).toISOString());
      })
    );
    const never = button('ja-field-tool', 'never', () => {
      this.expires.value = '';
    });
    this.nodes = [
      row('Kind', this.kind),
      row('Expires', this.expires, element('div', { className: 'ja-field-tools' }, ...soon, never)),
      row('Rotate', this.rotate),
      row('Note', this.note)
    ];
  }

  /** What is noted now, without what is as it was. */
  changes(): About {
    const before = this.before;
    const about: About = {};
    if (this.kind.value !== (before?.kind ?? '')) {
      about.kind = this.kind.value;
    }
    if (this.note.value !== (before?.note ?? '')) {
      about.note = this.note.value;
    }
    if (this.expires.value !== day(before?.expires)) {
      // The end of that day where the person is.
      const { value } = this.expires;
      about.expires = value && new Date(`${value}T23:59:59`).toISOString();
    }
    if (Number(this.rotate.value) !== (before?.rotate_every ?? 0)) {
      about.rotate_every = Number(this.rotate.value);
    }
    return about;
  }

  /** What keeps it from being noted, or "". Half a date would be noted as none. */
  get problem(): string {
    return this.expires.validity.valid
      ? ''
      : 'The day on which it expires is no whole date: a year has four digits.';
  }

  /** Go to what the problem is. */
  focusProblem(): void {
    const folded = this.expires.closest('details');
    if (folded) {
      folded.open = true;
    }
    this.expires.focus();
  }

  focus(): void {
    this.kind.focus();
  }
}

/** `2026-11-28`, where the person is; "" for no time. */
function day(time: string | null | undefined): string {
  return time ? new Intl.DateTimeFormat('sv').format(new Date(time)) : ''; // Swedish dates are ISO's
}

function select(id: string, options: [string, string][], chosen: string): HTMLSelectElement {
  const node = element(
    'select',
    { id, className: 'ja-input' },
    ...options.map(([value, text]) => element('option', { value }, text))
  );
  node.value = chosen;
  return node;
}

function row(text: string, field: HTMLElement, ...more: HTMLElement[]): HTMLElement {
  return element(
    'div',
    { className: 'ja-form-row' },
    element('label', { htmlFor: field.id }, text),
    field,
    ...more
  );
}

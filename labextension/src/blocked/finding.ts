// One finding in the box, and the small form that saves it.

import { type Api, ApiError } from '../api.ts';
import { button, element } from '../dom.ts';
import { LabelField } from '../entry/label.ts';
import { PlainTick } from '../entry/plain.ts';
import type { BlockedData, Finding, Scope } from '../tokens.ts';
import { denyForm } from './deny.ts';

/** The text that a finding stands in: a cell's, or a chat message's. */
export interface Holder {
  /** Whether the finding still stands there. */
  has(finding: Finding): boolean;
  /** A label for it. */
  suggest(finding: Finding): Promise<string>;
  /**
   * Store it under a label and put that in its place; false when it no longer stands there.
   *
   * @param plainHttp - The person has accepted that this page came over plain http.
   */
  save(finding: Finding, label: string, replace: boolean, plainHttp: boolean): Promise<boolean>;
  /** Put the label of a stored value in its place; false when it no longer stands there. */
  use(finding: Finding, label: string): Promise<boolean>;
}

export interface Words {
  changed: string;
  /** Where there is nothing that could hold a label. */
  nowhere: string;
  allowed: Record<Scope, string>;
}

export interface Surroundings {
  api: Api;
  words: Words;
  /** Null where nothing can be saved from; undefined where nobody should be offered to. */
  holder: (() => Holder | null) | undefined;
}

let rows = 0;

export class FindingRow {
  readonly node: HTMLElement;
  readonly finding: Finding;
  private readonly around: Surroundings;
  private readonly actions: HTMLElement;
  private readonly message: HTMLElement;
  private readonly saveButton: HTMLButtonElement;
  private readonly denyButton: HTMLButtonElement | null;
  private readonly places = element('span', { className: 'ja-finding-places' });

  constructor(finding: Finding, data: BlockedData, around: Surroundings) {
    this.finding = finding;
    this.around = around;
    const { label } = finding;
    this.saveButton =
      label === undefined
        ? button(
            'jp-mod-styled jp-mod-accept ja-save-as-secret',
            'Save as secret',
            () => void this.open()
          )
        : button(
            'jp-mod-styled jp-mod-accept ja-use-label',
            'Use its label',
            () => void this.useLabel(label)
          );
    const { block } = data;
    this.denyButton =
      label === undefined && block !== undefined
        ? button('ja-quiet ja-not-a-secret', 'Not a secret…', () => this.deny(block))
        : null;
    this.actions = element('div', { className: 'ja-finding-actions' });
    this.showActions();
    this.message = element('div', {
      className: 'ja-finding-message',
      attributes_: { role: 'alert' }
    });
    this.node = element(
      'li',
      { className: 'ja-finding', dataset: { rule: finding.rule, kind: finding.kind } },
      element(
        'div',
        { className: 'ja-finding-head' },
        element(
          'span',
          { className: 'ja-finding-title' },
          finding.title || finding.kind || 'Secret'
        ),
        element('code', { className: 'ja-finding-preview' }, finding.preview || '••••••••'),
        this.places
      ),
      this.actions,
      this.message
    );
  }

  /** Say in how many places of the cell the value stands. */
  showPlaces(count: number): void {
    this.places.textContent = count > 1 ? `in ${count} places` : '';
  }

  private showActions(): void {
    this.actions.replaceChildren(
      ...(this.around.holder ? [this.saveButton] : []),
      ...(this.denyButton ? [this.denyButton] : [])
    );
  }

  /** The value is stored already: only its label has to take its place. */
  private async useLabel(label: string): Promise<void> {
    const holder = this.around.holder?.();
    if (!holder) {
      this.say(`Put ${label} in its place yourself: this works in a notebook’s cell only.`);
      return;
    }
    const notebook = this.notebook;
    this.saveButton.disabled = true;
    try {
      if (!(await holder.use(this.finding, label))) {
        this.say(this.around.words.changed);
      }
    } catch (reason) {
      this.fail(reason);
    }
    this.saveButton.disabled = false;
    this.refocus(this.saveButton, notebook);
  }

  private deny(block: string): void {
    const form = denyForm({
      allow: (scope, reason) =>
        this.around.api.allow(block, this.finding.number ?? 0, scope, reason),
      allowed: scope => {
        this.actions.replaceChildren();
        this.refocus(null, this.notebook); // where the cell is run again
        this.node.classList.add('ja-finding-allowed');
        this.say(this.around.words.allowed[scope]);
      },
      failed: reason => this.fail(reason),
      missing: what => this.say(what),
      closed: () => {
        this.showActions();
        this.say('');
        this.denyButton?.focus();
      }
    });
    this.actions.replaceChildren(form.node);
    form.focus();
  }

  private async open(): Promise<void> {
    const holder = this.around.holder?.();
    if (!holder) {
      this.say(this.around.words.nowhere);
      return;
    }
    if (!holder.has(this.finding)) {
      this.say(this.around.words.changed);
      return;
    }
    this.saveButton.disabled = true;
    this.say('');
    try {
      this.form(holder, await holder.suggest(this.finding));
    } catch (reason) {
      this.fail(reason);
    }
    this.saveButton.disabled = false;
    this.refocus(this.saveButton, this.notebook);
  }

  private form(holder: Holder, suggested: string): void {
    rows += 1;
    const id = `ja-finding-${rows}`;
    const field = new LabelField(id, suggested, () => void submit(false));
    const plain = new PlainTick();
    const close = () => {
      this.showActions();
      this.say('');
      this.saveButton.focus();
    };
    const save = button(
      'jp-mod-styled jp-mod-accept ja-finding-save',
      'Save',
      () => void submit(false)
    );
    const replace = button(
      'jp-mod-styled jp-mod-warn ja-finding-replace',
      'Replace its value',
      () => void submit(true)
    );
    replace.hidden = true;
    const cancel = button('jp-mod-styled ja-finding-cancel', 'Cancel', close);
    const submit = async (replacing: boolean) => {
      if (save.disabled || !field.check()) {
        return;
      }
      if (plain.problem) {
        this.say(plain.problem);
        plain.focus();
        return;
      }
      setBusy(true);
      this.say('');
      const notebook = this.notebook;
      try {
        if (!(await holder.save(this.finding, field.value, replacing, plain.accepted))) {
          this.say(this.around.words.changed);
        }
      } catch (reason) {
        this.fail(reason);
        replace.hidden = ApiError.from(reason).code !== 'label_taken';
        setBusy(false);
        field.focus();
        return;
      }
      setBusy(false);
      this.refocus(save, notebook);
    };
    const setBusy = (busy: boolean) => {
      for (const control of [save, replace, cancel]) {
        control.disabled = busy;
      }
      field.disabled = busy;
    };
    const form = element(
      'div',
      {
        className: 'ja-finding-form',
        attributes_: { role: 'form', 'aria-label': 'Save as secret' }
      },
      plain.node,
      element('label', { htmlFor: id }, 'Label'),
      field.node,
      save,
      replace,
      cancel
    );
    // The cell above would take Enter for "run" and Escape for "command mode".
    form.addEventListener('keydown', event => {
      if (event.key === 'Escape' && !event.isComposing) {
        close();
      }
      event.stopPropagation();
    });
    this.actions.replaceChildren(form);
    field.focus();
  }

  private get notebook(): HTMLElement | null {
    return this.node.closest<HTMLElement>('.jp-Notebook');
  }

  /**
   * Where a button was disabled, or a note has taken this row's place, the keyboard is nowhere: it
   * goes back to the button, or to the notebook.
   */
  private refocus(control: HTMLElement | null, notebook: HTMLElement | null): void {
    if (document.activeElement === null || document.activeElement === document.body) {
      (control?.isConnected ? control : notebook)?.focus({ preventScroll: true });
    }
  }

  private fail(reason: unknown): void {
    const error = ApiError.from(reason);
    this.say(
      error.code === 'label_taken'
        ? 'That label already holds a secret. Choose another one, or replace its value.'
        : `${error.message} ${error.hint}`
    );
  }

  private say(text: string): void {
    this.message.textContent = text;
  }
}

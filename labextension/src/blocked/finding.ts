// One finding in the box, and the small form that saves it.

import { type Api, ApiError } from '../api.ts';
import { button, element } from '../dom.ts';
import { LabelField } from '../entry/label.ts';
import type { BlockedData, Finding } from '../tokens.ts';
import { ALLOWED, denyForm } from './deny.ts';
import { CHANGED, saveFinding, suggestLabel, textOf, useLabel } from './flow.ts';
import type { Place } from './place.ts';
import type { RanSources } from './ran.ts';

export interface Surroundings {
  api: Api;
  ran: RanSources;
  place(): Place | null;
}

let rows = 0;

export class FindingRow {
  readonly node: HTMLElement;
  readonly finding: Finding;
  private readonly data: BlockedData;
  private readonly around: Surroundings;
  private readonly actions: HTMLElement;
  private readonly message: HTMLElement;
  private readonly saveButton: HTMLButtonElement;
  private readonly denyButton: HTMLButtonElement | null;
  private readonly places = element('span', { className: 'ja-finding-places' });

  constructor(finding: Finding, data: BlockedData, around: Surroundings) {
    this.finding = finding;
    this.data = data;
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
    this.actions.replaceChildren(this.saveButton, ...(this.denyButton ? [this.denyButton] : []));
  }

  /** The value is stored already: only its label has to take its place. */
  private async useLabel(label: string): Promise<void> {
    const place = this.around.place();
    if (!place) {
      this.say(`Put ${label} in its place yourself: this works in a notebook’s cell only.`);
      return;
    }
    this.saveButton.disabled = true;
    try {
      if (!(await useLabel(place, this.data, this.finding, label, this.around.ran))) {
        this.say(CHANGED);
      }
    } catch (reason) {
      this.fail(reason);
    }
    this.saveButton.disabled = false;
  }

  private deny(block: string): void {
    const form = denyForm({
      allow: (scope, reason) =>
        this.around.api.allow(block, this.finding.number ?? 0, scope, reason),
      allowed: scope => {
        this.actions.replaceChildren();
        this.node.classList.add('ja-finding-allowed');
        this.say(ALLOWED[scope]);
      },
      failed: reason => this.fail(reason),
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
    const place = this.around.place();
    if (!place) {
      this.say('Saving from here works in a notebook’s cell. Use the Secrets panel instead.');
      return;
    }
    if (textOf(place, this.finding, this.around.ran) === null) {
      this.say(CHANGED);
      return;
    }
    this.saveButton.disabled = true;
    this.say('');
    try {
      this.form(place, await suggestLabel(this.around.api, place, this.finding, this.around.ran));
    } catch (reason) {
      this.fail(reason);
    }
    this.saveButton.disabled = false;
  }

  private form(place: Place, suggested: string): void {
    rows += 1;
    const id = `ja-finding-${rows}`;
    const field = new LabelField(id, suggested, () => void submit(false));
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
      setBusy(true);
      this.say('');
      try {
        const { api, ran } = this.around;
        const saved = await saveFinding(
          api,
          place,
          this.data,
          this.finding,
          field.value,
          replacing,
          ran
        );
        if (!saved) {
          this.say(CHANGED);
        }
      } catch (reason) {
        this.fail(reason);
        replace.hidden = ApiError.from(reason).code !== 'label_taken';
        setBusy(false);
        field.focus();
        return;
      }
      setBusy(false);
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

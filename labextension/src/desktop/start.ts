// The form that starts a desktop.

import { button, element } from '../dom.ts';
import { guessLayout, LAYOUTS } from './layouts.ts';
import { missing } from './missing.ts';
import type { KeptProfile, Provider, Wanted } from './shapes.ts';
import { isolation, warning } from './words.ts';

interface KeyboardApi {
  getLayoutMap(): Promise<ReadonlyMap<string, string>>;
}

export interface StartActions {
  start(wanted: Wanted): Promise<void>;
  lookAgain(): void;
  /** Drop what keeps the person signed in. */
  forget(provider: string): Promise<void>;
  /** There is a desktop to go back to. */
  cancel(): void;
}

export class StartForm {
  readonly node: HTMLFormElement;
  private readonly address = element('input', {
    id: 'ja-desktop-address',
    className: 'jp-mod-styled',
    type: 'text',
    inputMode: 'url',
    placeholder: 'https://example.com/login',
    spellcheck: false,
    autocomplete: 'off'
  });
  private readonly provider = element('select', {
    id: 'ja-desktop-provider'
  });
  private readonly providerRow: HTMLElement;
  private readonly layout = element(
    'select',
    { id: 'ja-desktop-layout' },
    ...LAYOUTS.map(([value, text]) => element('option', { value }, text))
  );
  private readonly keep = element('input', { type: 'checkbox', id: 'ja-desktop-keep' });
  private readonly keepRow: HTMLElement;
  private readonly keptRow = element('p', { className: 'ja-desktop-kept' });
  private readonly strictRow: HTMLElement;
  private readonly addressRow: HTMLElement;
  private readonly options: HTMLElement;
  private readonly strict = element('input', { type: 'checkbox', id: 'ja-desktop-strict' });
  private readonly submit = element(
    'button',
    { type: 'submit', className: 'jp-mod-styled jp-mod-accept ja-desktop-start' },
    'Start'
  );
  private readonly cancel: HTMLButtonElement;
  private readonly missing = element('div', {});
  private readonly note = element('p', {
    className: 'ja-notice ja-desktop-note',
    attributes_: { role: 'status' }
  });
  private readonly about = element('p', { className: 'ja-desktop-about' });
  private readonly problem = element('p', {
    className: 'ja-desktop-problem',
    attributes_: { role: 'alert' }
  });
  private readonly fields: HTMLElement;
  private readonly actions: StartActions;
  private providers: readonly Provider[] = [];
  private kept: readonly KeptProfile[] = [];

  constructor(actions: StartActions) {
    this.actions = actions;
    this.cancel = button('jp-mod-styled ja-desktop-cancel', 'Cancel', () => actions.cancel());
    this.providerRow = row('Provider', this.provider);
    this.keepRow = check(this.keep, 'Keep me signed in on this machine (encrypted)');
    this.addressRow = row('Address', this.address);
    this.strictRow = check(
      this.strict,
      'Strict: attach nothing to the browser while I sign in, for sites that refuse otherwise'
    );
    this.options = element(
      'details',
      { className: 'ja-desktop-options' },
      element('summary', {}, 'Options'),
      row('Your keyboard', this.layout),
      this.strictRow
    );
    this.fields = element(
      'div',
      { className: 'ja-desktop-fields' },
      this.addressRow,
      this.providerRow,
      this.keepRow,
      this.keptRow,
      this.options,
      this.problem,
      element('div', { className: 'ja-desktop-actions' }, this.cancel, this.submit),
      this.about
    );
    this.node = element(
      'form',
      { className: 'ja-desktop-form', attributes_: { 'aria-label': 'Start a desktop' } },
      this.note,
      element('h3', {}, 'Sign in to a website, out of everybody’s sight'),
      element(
        'ol',
        { className: 'ja-desktop-steps' },
        element('li', {}, 'Start a browser of its own, and take over.'),
        element('li', {}, 'Sign in. No notebook, kernel, chat or agent sees what you type.'),
        element('li', {}, 'Hand back: the agent goes on in the browser, signed in.')
      ),
      this.missing,
      this.fields
    );
    this.node.addEventListener('submit', event => {
      event.preventDefault();
      void this.send();
    });
    this.provider.addEventListener('change', () => this.renderProvider());
    void this.guess();
  }

  /** What can be started here. */
  update(providers: readonly Provider[], others: boolean, kept: readonly KeptProfile[]): void {
    this.cancel.hidden = !others;
    if (JSON.stringify(kept) !== JSON.stringify(this.kept)) {
      this.kept = kept;
      this.renderProvider();
    }
    if (JSON.stringify(providers) !== JSON.stringify(this.providers)) {
      this.providers = providers;
      this.missing.replaceChildren(...missing(providers, () => this.actions.lookAgain()));
      const usable = providers.filter(provider => provider.ok);
      this.provider.replaceChildren(
        ...providers.map(({ id, title, ok, reason }) =>
          element('option', { value: id, disabled: !ok }, ok ? title : `${title}: ${reason}`)
        )
      );
      this.provider.value = usable[0]?.id ?? '';
      this.providerRow.hidden = providers.length < 2;
      this.fields.hidden = usable.length === 0;
      this.renderProvider();
    }
  }

  focus(): void {
    this.address.focus();
  }

  /** What has happened to the desktop that was looked at before; "" takes it away. */
  say(text: string): void {
    this.note.textContent = text;
  }

  /** Put an address there, for a person to start. */
  set url(url: string) {
    this.address.value = url;
  }

  private renderProvider(): void {
    const provider = this.providers.find(({ id }) => id === this.provider.value);
    const remote = provider?.caps.isolation === 'remote';
    this.keepRow.hidden = !provider?.caps.profile;
    this.renderKept();
    this.strictRow.hidden = remote;
    this.options.hidden = remote && !provider?.caps.keyboard_layout;
    // A page that somebody else's desktop is shown on opens no address.
    this.addressRow.hidden = provider?.id.startsWith('url-') ?? false;
    this.about.textContent = provider
      ? `${provider.title}: runs on ${isolation(provider.caps)}. ${warning(provider.caps)}`.trim()
      : '';
  }

  /** What this provider's desktops have kept, and a way to be signed in nowhere again. */
  private renderKept(): void {
    const kept = this.kept.find(({ provider }) => provider === this.provider.value);
    this.keptRow.hidden = !kept;
    this.keptRow.replaceChildren(
      ...(kept
        ? [
            element('span', {}, keptSince(new Date(kept.saved))),
            button(
              'jp-mod-styled ja-desktop-forget',
              'Forget it',
              () => void this.forget(kept.provider),
              {
                title: 'Delete the cookies and all that sites stored: you are signed in nowhere'
              }
            )
          ]
        : [])
    );
  }

  private async forget(provider: string): Promise<void> {
    this.problem.textContent = '';
    try {
      await this.actions.forget(provider);
      this.keep.checked = false;
    } catch (reason) {
      const { message = '', hint = '' } = reason as { message?: string; hint?: string };
      this.problem.textContent = `${message} ${hint}`.trim();
    }
  }

  private async send(): Promise<void> {
    this.submit.disabled = true;
    this.problem.textContent = '';
    try {
      await this.actions.start({
        provider: this.provider.value,
        url: this.addressRow.hidden ? '' : this.address.value.trim(),
        layout: this.layout.value,
        keep: this.keep.checked && !this.keepRow.hidden,
        strict: this.strict.checked && !this.strictRow.hidden
      });
      this.address.value = '';
    } catch (reason) {
      const { message = '', hint = '' } = reason as { message?: string; hint?: string };
      this.problem.textContent = `${message} ${hint}`.trim();
      const lost = document.activeElement === document.body; // with the button that was disabled
      this.submit.disabled = false;
      if (lost) {
        (this.addressRow.hidden ? this.submit : this.address).focus();
      }
    }
    this.submit.disabled = false;
  }

  private async guess(): Promise<void> {
    const { keyboard } = navigator as { keyboard?: KeyboardApi };
    const keys = await keyboard?.getLayoutMap().catch(() => null);
    this.layout.value = guessLayout(keys ?? null, navigator.language);
  }
}

function keptSince(saved: Date): string {
  const when = saved.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
  return `Last kept: ${when}. With the box ticked you start with it, else with an empty profile.`;
}

function row(text: string, field: HTMLElement): HTMLElement {
  return element(
    'div',
    { className: 'ja-desktop-row' },
    element('label', { htmlFor: field.id }, text),
    field
  );
}

function check(field: HTMLInputElement, text: string): HTMLElement {
  return element(
    'div',
    { className: 'ja-desktop-check' },
    field,
    element('label', { htmlFor: field.id }, text)
  );
}

// The Secrets side panel: what state the vault is in, and the labels in it.

import { Clipboard, Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { ApiError } from '../api.ts';
import { button, element } from '../dom.ts';
import { secretsIcon } from '../icons.ts';
import { type IAgent, SECRETS_PANEL_ID, type SecretMeta, type Status } from '../tokens.ts';
import { SecretForm } from './form.ts';
import { secretList } from './list.ts';
import type { Host, MakeSection, Section } from './section.ts';
import { emptyState, notices } from './states.ts';

export class SecretsPanel extends Widget implements Host {
  readonly agent: IAgent;
  private readonly sections: readonly Section[];
  private readonly tools = element('div', { className: 'ja-panel-tools' });
  private readonly notice = element('div', {
    className: 'ja-panel-notice',
    attributes_: { role: 'status' }
  });
  private readonly formSpace = element('div', { className: 'ja-panel-form' });
  private readonly body = element('div', { className: 'ja-panel-body' });
  private readonly foot = element('div', { className: 'ja-panel-foot' });
  private form: SecretForm | null = null;
  private status: Status | null = null;
  private secrets: SecretMeta[] | null = null;
  private problem: ApiError | null = null;
  private loading: Promise<void> | null = null;
  private again = false;

  /** @param sections - What stands above and below the list of secrets, top to bottom. */
  constructor(agent: IAgent, sections: readonly MakeSection[]) {
    super();
    this.agent = agent;
    this.sections = sections.map(make => make(this));
    const placed = (place: Section['place']) =>
      this.sections.filter(section => section.place === place).map(section => section.node);
    this.id = SECRETS_PANEL_ID;
    this.title.icon = secretsIcon;
    this.title.caption = 'Secrets';
    this.addClass('ja-panel');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', 'Secrets');
    this.node.append(
      element('header', { className: 'ja-panel-head' }, element('h2', {}, 'Secrets'), this.tools),
      this.notice,
      ...placed('above'),
      this.formSpace,
      this.body,
      ...placed('below'),
      this.foot
    );
    agent.events.changed.connect(this.onEvent, this);
    agent.events.broker.connect(this.onEvent, this);
    agent.events.connected.connect(this.onEvent, this);
    this.render();
  }

  override dispose(): void {
    this.closeForm();
    for (const section of this.sections) {
      section.dispose?.();
    }
    super.dispose();
  }

  /** Ask the server for everything shown here. */
  refresh(): Promise<void> {
    if (this.loading) {
      this.again = true; // what is on its way may be older than the reason for asking
      return this.loading;
    }
    this.loading = this.load().finally(() => {
      this.loading = null;
      if (this.again && !this.isDisposed) {
        this.again = false;
        void this.refresh();
      }
    });
    return this.loading;
  }

  /** Open the form for a new secret. */
  add(): void {
    this.openForm(null);
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    void this.refresh();
  }

  private onEvent(): void {
    if (this.isVisible || this.status) {
      void this.refresh();
    }
  }

  private async load(): Promise<void> {
    const { api, events } = this.agent;
    let problem: ApiError | null = null;
    try {
      this.status = await api.status();
      events.start();
      const { status } = this;
      const { state } = status.vault;
      if (state === 'locked' || state === 'error') {
        this.secrets = null;
      } else {
        // A section that fails says so above; the list is there all the same.
        const loading = this.sections.map(section => section.load(status));
        const [secrets, loaded] = await Promise.all([api.secrets(), Promise.allSettled(loading)]);
        this.secrets = secrets;
        const failed = loaded.find(one => one.status === 'rejected');
        problem = failed ? ApiError.from(failed.reason) : null;
      }
      this.problem = problem;
    } catch (reason) {
      this.problem = ApiError.from(reason);
      this.secrets = null;
      if (this.problem.code === 'server_absent' || this.problem.status === 0) {
        this.status = null;
      }
    }
    if (!this.isDisposed) {
      for (const section of this.secrets === null ? this.sections : []) {
        section.clear();
      }
      this.render();
      for (const section of this.sections) {
        section.render();
      }
    }
  }

  private render(): void {
    const state = this.status?.vault.state;
    const problem = this.problem ?? this.status?.vault.error ?? null;
    const usable = this.secrets !== null;
    this.node.dataset.state = problem ? 'problem' : (state ?? 'loading');
    this.tools.replaceChildren(
      ...(state === 'locked'
        ? [
            button(
              'jp-mod-styled ja-unlock',
              'Unlock',
              () => void this.act(() => this.agent.api.unlock())
            )
          ]
        : []),
      ...(usable
        ? [
            button('jp-mod-styled ja-lock', 'Lock', () => void this.lock(), {
              title: 'Close the vault and end the commands that use it'
            }),
            button('jp-mod-styled jp-mod-accept ja-add', 'Add', () => this.openForm(null))
          ]
        : [])
    );
    this.tools.hidden = this.tools.childElementCount === 0;
    this.notice.replaceChildren(
      ...notices(problem, this.status?.vault ?? null, () => void this.refresh())
    );
    this.notice.hidden = this.notice.childElementCount === 0;
    if (!usable && state === 'locked') {
      this.closeForm();
    }
    if (!this.body.querySelector('.ja-rename')) {
      this.renderBody();
    }
    const vault = this.status?.vault;
    this.foot.replaceChildren(
      ...(vault?.tier ? [element('b', {}, `Key: ${vault.tier}. `), vault.promise ?? ''] : [])
    );
    this.foot.hidden = !vault?.tier;
  }

  /** Draw the list anew, with the focus where it was. */
  private renderBody(): void {
    const active = document.activeElement;
    const row = this.body.contains(active) && active?.closest<HTMLElement>('.ja-secret');
    this.body.replaceChildren(...this.content());
    if (row && active) {
      this.focusIn(row.dataset.label ?? '', `.${active.className.split(' ').at(-1)}`);
    }
  }

  private content(): HTMLElement[] {
    if (!this.status && !this.problem) {
      return [element('p', { className: 'ja-loading' }, 'Loading…')];
    }
    if (!this.secrets) {
      return [];
    }
    return this.listed(this.secrets);
  }

  private listed(secrets: SecretMeta[]): HTMLElement[] {
    if (secrets.length === 0) {
      return this.form ? [] : [emptyState(() => this.openForm(null))];
    }
    return [
      secretList(secrets, this.agent.api.now(), {
        copy: label => this.copy(label),
        replace: label => this.openForm(label),
        rename: async (label, to) => {
          await this.act(() => this.agent.api.rename(label, to));
          this.focusIn(to, '.ja-secret-rename');
        },
        remove: label => void this.remove(label),
        closed: label => {
          this.render();
          this.focusIn(label, '.ja-secret-rename');
        }
      })
    ];
  }

  private openForm(replacing: string | null): void {
    this.closeForm();
    this.form = new SecretForm(this.agent.api, replacing, {
      saved: secret => {
        this.closeForm();
        void this.refresh().then(() => this.focusRow(secret.label));
      },
      cancelled: () => {
        this.closeForm();
        this.render();
        this.focusRow(replacing);
      }
    });
    this.formSpace.append(this.form.node);
    this.render();
    this.form.focus();
  }

  private closeForm(): void {
    this.form?.dispose();
    this.form = null;
  }

  private focusRow(label: string | null): void {
    if (label === null || !this.focusIn(label, '.ja-secret-replace')) {
      this.node.querySelector<HTMLElement>('.ja-add')?.focus();
    }
  }

  private focusIn(label: string, selector: string): boolean {
    const rows = [...this.body.querySelectorAll<HTMLElement>('.ja-secret')];
    const target = rows
      .find(row => row.dataset.label === label)
      ?.querySelector<HTMLElement>(selector);
    target?.focus();
    return !!target;
  }

  private copy(label: string): void {
    Clipboard.copyToSystem(label);
    Notification.info(`Copied the label ${label}.`, { autoClose: 2000 });
  }

  private async remove(label: string): Promise<void> {
    const answer = await showDialog({
      title: `Remove ${label}?`,
      body: 'The stored value is deleted and can’t be brought back. Commands that use the label will fail.',
      buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: 'Remove' })],
      defaultButton: 0
    });
    if (answer.button.accept) {
      await this.act(() => this.agent.api.remove(label));
      this.focusRow(null);
    }
  }

  private async lock(): Promise<void> {
    const running = this.status?.runs ?? 0;
    if (running > 0) {
      const answer = await showDialog({
        title: 'Lock the vault?',
        body: `${running === 1 ? 'One command is' : `${running} commands are`} running with a secret and will be ended.`,
        buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: 'Lock' })],
        defaultButton: 0
      });
      if (!answer.button.accept) {
        return;
      }
    }
    await this.act(() => this.agent.api.lock());
  }

  async act(action: () => Promise<unknown>): Promise<void> {
    try {
      await action();
    } catch (reason) {
      const error = ApiError.from(reason);
      Notification.error(`${error.message} ${error.hint}`.trim(), { autoClose: 8000 });
    }
    await this.refresh();
  }
}

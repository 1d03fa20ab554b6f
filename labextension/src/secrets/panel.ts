// The Secrets side panel: what state the vault is in, and the labels in it.

import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { ApiError } from '../api.ts';
import { button, element } from '../dom.ts';
import { secretsIcon } from '../icons.ts';
import {
  type IAgent,
  type Problem,
  SECRETS_PANEL_ID,
  type SecretMeta,
  type Status
} from '../tokens.ts';
import { copyText, SecretActions } from './actions.ts';
import { SecretForm } from './form.ts';
import { SecretList } from './list.ts';
import type { Host, MakeSection, Section } from './section.ts';
import { emptyState, notices } from './states.ts';
import { importHelp, VaultGate, vaultFoot } from './vault.ts';

export class SecretsPanel extends Widget implements Host {
  readonly agent: IAgent;
  private readonly sections: readonly Section[];
  private readonly heading = element('h2', { tabIndex: -1 }, 'Secrets');
  private readonly tools = element('div', { className: 'ja-panel-tools' });
  private readonly notice = element('div', {
    className: 'ja-panel-notice',
    attributes_: { role: 'status' }
  });
  private readonly gate: VaultGate;
  private readonly formSpace = element('div', { className: 'ja-panel-form' });
  private readonly list: SecretList;
  private readonly empty: HTMLElement;
  private readonly loadingNote = element('p', { className: 'ja-loading' }, 'Loading…');
  private readonly importing = importHelp(command => copyText(command, 'the command'));
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
    this.gate = new VaultGate(agent.api, () => void this.refresh());
    this.list = new SecretList(
      new SecretActions(
        this,
        () => this.list,
        label => this.openForm(label)
      )
    );
    this.empty = emptyState(() => this.openForm(null));
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
      element('div', { className: 'ja-panel-head' }, this.heading, this.tools),
      this.notice,
      this.gate.node,
      ...placed('above'),
      this.formSpace,
      this.loadingNote,
      this.empty,
      this.list.node,
      ...placed('below'),
      this.importing,
      this.foot
    );
    agent.events.changed.connect(this.onEvent, this);
    agent.events.broker.connect(this.onEvent, this);
    agent.events.connected.connect(this.onEvent, this);
    this.render();
  }

  override dispose(): void {
    this.closeForm();
    this.gate.clear();
    for (const section of this.sections) {
      section.dispose?.();
    }
    super.dispose();
  }

  /** Ask the server for everything shown here. */
  refresh(): Promise<void> {
    if (this.loading) {
      // What is on its way may be older than the reason for asking.
      this.again = true;
      return this.loading.then(() => this.loading ?? undefined);
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

  /** Do it, say so when it fails, and show what is true now; returns whether it was done. */
  async act(action: () => Promise<unknown>): Promise<boolean> {
    let done = true;
    try {
      await action();
    } catch (reason) {
      done = false;
      const error = ApiError.from(reason);
      Notification.error(`${error.message} ${error.hint}`.trim(), { autoClose: 8000 });
    }
    await this.refresh();
    return done;
  }

  /**
   * Draw; where the focus goes with what was there, it stays near, or whoever has no mouse would
   * begin again at the top of the page. Never on a button: keys may be on their way.
   */
  keepFocus(draw: () => void): void {
    const held = this.node.contains(document.activeElement) ? document.activeElement : null;
    const summary = held?.closest('details')?.querySelector('summary');
    draw();
    const now = document.activeElement;
    if (held && !(this.node.contains(now) && now?.checkVisibility())) {
      (summary?.checkVisibility() ? summary : this.heading).focus({ preventScroll: true });
    }
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
      if (state === 'locked' || state === 'closed' || state === 'error') {
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
      this.keepFocus(() => this.renderAll());
    }
  }

  private renderAll(): void {
    for (const section of this.secrets === null ? this.sections : []) {
      section.clear();
    }
    this.render();
    for (const section of this.sections) {
      section.render();
    }
  }

  private render(): void {
    const { status, secrets } = this;
    const vault = status?.vault ?? null;
    const problem = this.problem ?? (secrets === null ? (vault?.error ?? null) : null);
    const usable = secrets !== null;
    this.node.dataset.state = problem ? 'problem' : (vault?.state ?? 'loading');
    this.renderTools(usable, vault?.state === 'locked');
    this.renderProblem(problem);
    if (!usable && vault?.state === 'locked') {
      this.closeForm();
    }
    this.loadingNote.hidden = !!status || !!problem;
    this.empty.hidden = secrets?.length !== 0 || !!this.form;
    this.list.node.hidden = !secrets?.length;
    this.list.update(secrets ?? [], this.agent.api.now());
    this.importing.hidden = !usable;
    if (this.foot.dataset.shown !== JSON.stringify(vault)) {
      this.foot.dataset.shown = JSON.stringify(vault);
      this.foot.replaceChildren(...(vault ? vaultFoot(vault) : []));
    }
    this.foot.hidden = this.foot.childElementCount === 0;
  }

  private renderTools(usable: boolean, locked: boolean): void {
    const shown = usable ? 'usable' : locked ? 'locked' : '';
    if (this.tools.dataset.shown === shown) {
      return; // a button that is replaced loses the focus
    }
    this.tools.dataset.shown = shown;
    this.tools.replaceChildren(
      ...(locked && !usable
        ? [button('jp-mod-styled ja-unlock', 'Unlock', () => void this.unlock())]
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
  }

  private renderProblem(problem: Problem | null): void {
    const vault = this.status?.vault ?? null;
    const passable = this.gate.show(problem, vault?.state === 'absent');
    const { code, message, hint } = problem ?? {};
    const shown = JSON.stringify([passable, code, message, hint, vault?.state, vault?.note]);
    if (this.notice.dataset.shown === shown) {
      return; // or it is read out again with every event, and its button loses the focus
    }
    this.notice.dataset.shown = shown;
    this.notice.replaceChildren(
      ...(passable ? [] : notices(problem, vault, () => void this.refresh()))
    );
    this.notice.hidden = this.notice.childElementCount === 0;
  }

  private openForm(replacing: string | null): void {
    if (this.form?.replacing === replacing) {
      this.form.focus(); // what is typed there already is not thrown away
      return;
    }
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
    this.form.node.scrollIntoView({ block: 'nearest' });
    this.form.focus();
  }

  private closeForm(): void {
    this.form?.dispose();
    this.form = null;
  }

  private focusRow(label: string | null): void {
    if (label === null || !this.list.focus(label)) {
      this.node.querySelector<HTMLElement>('.ja-add')?.focus();
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

  /** Open the vault; one with a passphrase asks for it in the panel. */
  private async unlock(): Promise<void> {
    try {
      await this.agent.api.unlock();
    } catch (reason) {
      const error = ApiError.from(reason);
      if (error.code !== 'passphrase_required') {
        Notification.error(`${error.message} ${error.hint}`.trim(), { autoClose: 8000 });
      }
    }
    await this.refresh();
    this.gate.focus();
  }
}

// The panel "Secure desktop": which desktops run, the one that is looked at, or the form for a new one.

import { Notification } from '@jupyterlab/apputils';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { ApiError } from '../api.ts';
import { button, element } from '../dom.ts';
import { desktopIcon } from '../icons.ts';
import type { IAgent } from '../tokens.ts';
import { LiveDesktop } from './live.ts';
import { DESKTOP_PANEL_ID, type Desktop, type DesktopList, type Wanted } from './shapes.ts';
import { StartForm } from './start.ts';
import { baseName, driver, shortName } from './words.ts';

/** While something runs and is looked at: the page's host and the time change without an event. */
const LOOK_EVERY = 2000;

export class DesktopPanel extends Widget {
  private readonly agent: IAgent;
  private readonly tabs = element('div', {
    className: 'ja-desktop-tabs',
    attributes_: { role: 'group', 'aria-label': 'Desktops' }
  });
  private readonly notice = element('div', { attributes_: { role: 'alert' } });
  private readonly opened = element('p', { className: 'ja-desktop-opened' });
  private readonly body = element('div', { className: 'ja-desktop-body' });
  private readonly form: StartForm;
  private readonly live = new Map<string, LiveDesktop>();
  private list: DesktopList | null = null;
  private chosen: string | null = null;
  private ticker = 0;
  private loading: Promise<void> | null = null;
  private again = false;
  private attached = false;

  constructor(agent: IAgent) {
    super();
    this.agent = agent;
    this.id = DESKTOP_PANEL_ID;
    this.title.label = 'Secure desktop';
    this.title.caption = 'Secure desktop';
    this.title.icon = desktopIcon;
    this.title.closable = true;
    this.addClass('ja-desktop');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', 'Secure desktop');
    this.form = new StartForm({
      start: wanted => this.start(wanted),
      lookAgain: () => void this.refresh(),
      cancel: () => this.choose(this.list?.desktops.at(-1)?.id ?? null)
    });
    this.node.append(
      element(
        'header',
        { className: 'ja-desktop-head' },
        element('h2', {}, 'Secure desktop'),
        this.tabs
      ),
      this.notice,
      this.opened,
      this.body
    );
    // A key that is meant for this panel is none of JupyterLab's.
    this.node.dataset.lmSuppressShortcuts = 'true';
    agent.events.changed.connect(this.onChanged, this);
    agent.events.connected.connect(this.onConnected, this);
    this.render();
  }

  override dispose(): void {
    window.clearInterval(this.ticker);
    for (const live of this.live.values()) {
      live.dispose();
    }
    this.agent.events.changed.disconnect(this.onChanged, this);
    this.agent.events.connected.disconnect(this.onConnected, this);
    super.dispose();
  }

  /** Look at a desktop; null for the form that starts one. */
  choose(id: string | null, url = ''): void {
    this.chosen = id;
    if (url !== '') {
      this.form.url = url;
    }
    this.render();
    if (id === null) {
      this.form.focus();
    }
    void this.refresh();
  }

  /** Ask the server what runs. */
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

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    if (this.attached) {
      for (const live of this.live.values()) {
        live.moved();
      }
    }
    this.attached = true;
    this.ticker = window.setInterval(() => {
      if (this.isVisible && !document.hidden && this.list?.desktops.length) {
        void this.refresh();
      }
    }, LOOK_EVERY);
  }

  protected override onBeforeDetach(message: Message): void {
    window.clearInterval(this.ticker);
    super.onBeforeDetach(message);
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    void this.refresh();
  }

  private onChanged(_: unknown, what: string): void {
    if (what === 'desktops') {
      void this.refresh();
    }
  }

  private onConnected(): void {
    void this.refresh();
  }

  private async start(wanted: Wanted): Promise<void> {
    const { width, height } = this.size();
    const id = await this.agent.api.startDesktop({ ...wanted, width, height });
    this.choose(id);
  }

  /** As large as the panel is, within what a website can be used in. */
  private size(): { width: number; height: number } {
    const { clientWidth, clientHeight } = this.node;
    const round = (value: number, least: number, most: number) =>
      Math.round(Math.min(Math.max(value, least), most) / 8) * 8;
    return { width: round(clientWidth, 800, 1920), height: round(clientHeight - 150, 600, 1200) };
  }

  private async load(): Promise<void> {
    let problem: ApiError | null = null;
    try {
      this.list = await this.agent.api.desktops();
    } catch (reason) {
      problem = ApiError.from(reason);
    }
    if (this.isDisposed) {
      return;
    }
    this.notice.replaceChildren(
      ...(problem
        ? [
            element(
              'div',
              { className: 'ja-notice ja-mod-problem' },
              element('p', { className: 'ja-notice-message' }, problem.message),
              element('p', {}, problem.hint),
              button('jp-mod-styled', 'Try again', () => void this.refresh())
            )
          ]
        : [])
    );
    this.render();
  }

  private render(): void {
    const desktops = this.list?.desktops ?? [];
    for (const [id, live] of this.live) {
      if (!desktops.some(desktop => desktop.id === id)) {
        live.dispose();
        live.node.remove();
        this.live.delete(id);
        this.chosen = this.chosen === id ? (desktops.at(-1)?.id ?? null) : this.chosen;
      }
    }
    for (const desktop of desktops) {
      const live = this.live.get(desktop.id);
      if (live) {
        live.update(desktop);
      } else if (desktop.id === this.chosen) {
        this.live.set(
          desktop.id,
          new LiveDesktop(this.agent.api, desktop, () => void this.refresh())
        );
      }
    }
    const chosen = desktops.find(({ id }) => id === this.chosen);
    this.renderTabs(desktops);
    this.opened.textContent = chosen?.notebook ? `Opened by ${baseName(chosen.notebook)}.` : '';
    this.opened.hidden = this.opened.textContent === '';
    this.form.update(this.list?.providers ?? [], desktops.length > 0);
    this.renderBody();
  }

  /** All pictures stay where they are: one that is taken out would load anew. */
  private renderBody(): void {
    const wanted = [...this.live.values()].map(live => live.node);
    for (const node of [this.form.node, ...wanted]) {
      if (node.parentElement !== this.body) {
        this.body.append(node);
      }
    }
    const showForm = this.chosen === null || !this.live.has(this.chosen);
    this.form.node.hidden = !showForm || this.list === null;
    for (const [id, live] of this.live) {
      live.node.hidden = id !== this.chosen;
    }
    this.node.dataset.state = this.list === null ? 'loading' : showForm ? 'form' : 'live';
  }

  private renderTabs(desktops: readonly Desktop[]): void {
    const key = JSON.stringify([this.chosen, desktops.map(d => [d.id, shortName(d), d.state])]);
    if (this.tabs.dataset.key === key) {
      return;
    }
    this.tabs.dataset.key = key;
    const focused = this.tabs.contains(document.activeElement);
    this.tabs.replaceChildren(
      ...desktops.map(desktop => {
        const node = button('ja-desktop-tab', shortName(desktop), () => this.choose(desktop.id), {
          'aria-pressed': String(desktop.id === this.chosen),
          title: `${desktop.title}: ${driver(desktop, desktop.state === 'human')}`
        });
        node.dataset.state = desktop.state;
        return node;
      }),
      ...(desktops.length > 0
        ? [button('ja-desktop-tab ja-desktop-new', 'New', () => this.choose(null))]
        : [])
    );
    if (focused) {
      this.tabs.querySelector<HTMLElement>('[aria-pressed=true]')?.focus();
    }
  }
}

/** Say that a desktop has ended, when nobody has asked for it. */
export function sayClosed(why: 'time' | 'ended' | undefined): void {
  const text =
    why === 'time'
      ? 'The secure desktop was closed, because its time was over.'
      : 'The secure desktop has ended.';
  Notification.info(text, { autoClose: 8000 });
}

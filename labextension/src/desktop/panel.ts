// The panel "Secure desktop": which desktops run, the one that is looked at, or the form for a new one.

import { Notification } from '@jupyterlab/apputils';
import { addIcon } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { ApiError } from '../api.ts';
import { button, element } from '../dom.ts';
import { desktopIcon } from '../icons.ts';
import type { IAgent } from '../tokens.ts';
import { LiveDesktop } from './live.ts';
import {
  DESKTOP_PANEL_ID,
  type Desktop,
  type DesktopList,
  type DesktopNews,
  type Wanted
} from './shapes.ts';
import { StartForm } from './start.ts';
import { driver, ended, shortName } from './words.ts';

export const TITLE = 'Secure desktop';

/** While something runs and is looked at: the page's host and the time change without an event. */
const LOOK_EVERY = 2000;

/** What stands above the picture takes so many pixels. */
const BAR = 160;

export class DesktopPanel extends Widget {
  private readonly agent: IAgent;
  private readonly folder: () => string;
  private readonly tabs = element('div', {
    className: 'ja-desktop-tabs',
    attributes_: { role: 'group', 'aria-label': 'Desktops' }
  });
  private readonly notice = element('div', { attributes_: { role: 'alert' } });
  private readonly body = element('div', { className: 'ja-desktop-body' });
  private readonly form: StartForm;
  private readonly live = new Map<string, LiveDesktop>();
  private list: DesktopList | null = null;
  private chosen: string | null = null;
  /** What a person has started from here last: asked for again when it fails. */
  private wanted: Wanted = {};
  private ticker = 0;
  private loading: Promise<void> | null = null;
  private again = false;
  private attached = false;
  /** The form gets the focus once it is there. */
  private toForm = false;
  /** What was started from the form gets the focus that its Start had, once it can be driven. */
  private toDrive = false;

  /** @param folder - Where the person's notebooks are. */
  constructor(agent: IAgent, folder: () => string) {
    super();
    this.agent = agent;
    this.folder = folder;
    this.id = DESKTOP_PANEL_ID;
    this.title.label = TITLE;
    this.title.caption = TITLE;
    this.title.icon = desktopIcon;
    this.title.closable = true;
    this.addClass('ja-desktop');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', TITLE);
    this.form = new StartForm({
      start: wanted => this.start(wanted),
      lookAgain: () => void this.refresh(),
      forget: async provider => {
        await this.agent.api.forgetDesktop(provider);
        await this.refresh();
      },
      cancel: () => this.choose(this.list?.desktops.at(-1)?.id ?? null)
    });
    this.node.append(
      element('div', { className: 'ja-desktop-head' }, element('h2', {}, TITLE), this.tabs),
      this.notice,
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
    this.form.say('');
    if (url !== '') {
      this.form.url = url;
    }
    this.toForm = id === null;
    this.render();
    void this.refresh();
  }

  /** A desktop has ended, and no person has asked for it. */
  ended({ closed, why }: DesktopNews): void {
    if (this.isVisible && this.chosen === closed) {
      this.chosen = null;
      this.render();
      this.form.say(ended(why));
    } else {
      Notification.info(ended(why), { autoClose: 8000 });
    }
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
    // A key that was saved may be what a provider was missing.
    if (what === 'desktops' || (what === 'secrets' && this.isVisible)) {
      void this.refresh();
    }
  }

  private onConnected(): void {
    void this.refresh();
  }

  private async start(wanted: Wanted): Promise<void> {
    const { width, height } = this.size();
    this.wanted = wanted;
    const id = await this.agent.api.startDesktop({ ...wanted, width, height });
    this.choose(id);
    this.toDrive = true;
  }

  /** As large as the panel is, within what a website can be used in. */
  private size(): { width: number; height: number } {
    const { clientWidth, clientHeight } = this.node;
    const round = (value: number, least: number, most: number) =>
      Math.round(Math.min(Math.max(value, least), most) / 8) * 8;
    return { width: round(clientWidth, 800, 1920), height: round(clientHeight - BAR, 600, 1200) };
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
        // Its Close was pressed: whoever has no mouse goes on in the form.
        this.toForm ||= live.node.contains(document.activeElement);
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
          new LiveDesktop(this.agent.api, desktop, {
            changed: () => void this.refresh(),
            folder: this.folder,
            dismissed: again => this.choose(null, again ? this.wanted.url : '')
          })
        );
      }
    }
    this.renderTabs(desktops);
    this.form.update(this.list?.providers ?? [], desktops.length > 0, this.list?.kept ?? []);
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
    const live = this.toDrive ? this.live.get(this.chosen ?? '') : undefined;
    if (live?.running) {
      this.toDrive = false;
      if (document.activeElement === document.body) {
        live.focus(); // nowhere else: a person may be typing by now
      }
    }
    if (this.toForm && !this.form.node.hidden) {
      this.toForm = false;
      this.form.focus();
    }
  }

  private renderTabs(desktops: readonly Desktop[]): void {
    const key = JSON.stringify([this.chosen, desktops.map(d => [d.id, shortName(d), d.state])]);
    if (this.tabs.dataset.key === key) {
      return;
    }
    this.tabs.dataset.key = key;
    const focused = this.tabs.contains(document.activeElement);
    const fresh = button('ja-desktop-tab ja-desktop-new', '', () => this.choose(null), {
      'aria-label': 'New desktop',
      title: 'Start another desktop'
    });
    fresh.append(addIcon.element({ tag: 'span', className: 'ja-icon' }));
    this.tabs.replaceChildren(
      ...desktops.map(desktop => this.tab(desktop)),
      ...(desktops.length > 0 ? [fresh] : [])
    );
    this.tabs.hidden = desktops.length === 0;
    if (focused) {
      this.tabs.querySelector<HTMLElement>('[aria-pressed=true]')?.focus();
    }
  }

  private tab(desktop: Desktop): HTMLElement {
    const name = shortName(desktop);
    const node = button('ja-desktop-tab', '', () => this.choose(desktop.id), {
      'aria-pressed': String(desktop.id === this.chosen),
      title: `${name} (${desktop.title}): ${driver(desktop, desktop.state === 'human')}`
    });
    node.append(
      element('span', { className: 'ja-desktop-dot', dataset: { state: desktop.state } }),
      element('span', { className: 'ja-desktop-tab-name' }, name)
    );
    node.dataset.state = desktop.state;
    return node;
  }
}

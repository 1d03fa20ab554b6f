// One desktop: its bar, its picture, and how both follow who drives.

import { Notification } from '@jupyterlab/apputils';
import { type Api, ApiError } from '../api.ts';
import { element } from '../dom.ts';
import { Bar } from './bar.ts';
import { Cover } from './cover.ts';
import { Files } from './files.ts';
import { dropLease, keepLease, leaseOf } from './leases.ts';
import { Picture } from './picture.ts';
import { Presence } from './presence.ts';
import type { Desktop } from './shapes.ts';
import { isRunning } from './words.ts';

/** What a desktop may ask of the panel around it. */
export interface Around {
  /** Ask the server again. */
  changed(): void;
  /** Where the person's notebooks are, as the server names folders. */
  folder(): string;
  /** One that has failed was taken away; with `again` another one is wanted in its place. */
  dismissed(again: boolean): void;
}

export class LiveDesktop {
  readonly node: HTMLElement;
  private readonly api: Api;
  private readonly bar: Bar;
  private readonly picture: Picture;
  private readonly presence: Presence;
  private readonly cover: Cover;
  private readonly around: Around;
  private readonly files = new Files(async ({ id }) => {
    await this.act(async () => {
      const path = await this.api.moveFromDesktop(this.desktop.id, id, this.around.folder());
      Notification.success(`Moved to ${path}`, { autoClose: 8000 });
    });
  });
  private desktop: Desktop;

  constructor(api: Api, desktop: Desktop, around: Around) {
    this.api = api;
    this.desktop = desktop;
    this.around = around;
    this.picture = new Picture(api, () => this.desktop, {
      changed: () => this.render(),
      leave: () => this.bar.focusDrive()
    });
    this.presence = new Presence(
      api,
      () => this.desktop,
      () => this.picture.focused && document.hasFocus()
    );
    this.cover = new Cover({
      reconnect: () => this.picture.reconnect(),
      dismiss: again =>
        void this.act(() => api.closeDesktop(this.desktop.id)).then(() => around.dismissed(again))
    });
    this.bar = new Bar({
      takeOver: () => void this.takeOver(),
      handBack: () => void this.handBack(),
      paste: () => this.paste(),
      reconnect: () => this.picture.reconnect(),
      ownWindow: () => void this.act(() => this.picture.showApart()),
      fullScreen: () => void this.fullScreen(),
      stay: () => void this.act(() => api.stayDesktop(this.desktop.id)),
      close: () => void this.act(() => api.closeDesktop(this.desktop.id)),
      layout: layout =>
        void this.act(() => api.layoutDesktop(this.desktop.id, layout)).then(() => this.focus())
    });
    this.node = element(
      'div',
      { className: 'ja-desktop-live', dataset: { desktop: desktop.id } },
      this.bar.node,
      this.files.node,
      element('div', { className: 'ja-desktop-stage' }, this.picture.node, this.cover.node)
    );
    this.update(desktop);
  }

  /** What the server says of it now. */
  update(desktop: Desktop): void {
    if (desktop.turn < this.desktop.turn) {
      return; // it was asked for before the last click, and came after it
    }
    if (desktop.turn !== this.desktop.turn) {
      this.bar.say(''); // it was about who drove before
    }
    this.desktop = desktop;
    this.files.update(desktop.files);
    if (!isRunning(desktop)) {
      this.picture.stop();
    }
    this.render();
    if (isRunning(desktop)) {
      this.picture.follow();
    }
  }

  /** The panel was moved. */
  moved(): void {
    this.picture.moved();
  }

  dispose(): void {
    this.presence.dispose();
    this.picture.dispose();
  }

  focus(): void {
    if (this.mine) {
      this.picture.focus();
    } else {
      this.bar.focusDrive();
    }
  }

  get running(): boolean {
    return isRunning(this.desktop);
  }

  /** Whether this page drives it. */
  private get mine(): boolean {
    return leaseOf(this.desktop) !== '';
  }

  private async takeOver(): Promise<void> {
    await this.act(async () => {
      const taken = await this.api.takeDesktop(this.desktop.id);
      keepLease(this.desktop.id, taken);
      this.picture.bringHere();
      this.update({ ...this.desktop, state: 'human', turn: taken.turn });
    });
  }

  private async handBack(): Promise<void> {
    await this.act(async () => {
      if (this.desktop.strict) {
        this.bar.say(
          'Strict: what you are signed in to is saved first. This takes half a minute.',
          'wait'
        );
      }
      const lease = leaseOf(this.desktop);
      const { done, reason, turn } = await this.api.handBackDesktop(this.desktop.id, lease);
      if (done) {
        this.bar.say('');
        dropLease(this.desktop.id);
        this.update({ ...this.desktop, state: 'agent', turn });
      } else {
        this.bar.say(`Not handed back: ${reason}`);
      }
    });
  }

  private paste(): void {
    this.bar.say('');
    this.picture.paste();
  }

  private async fullScreen(): Promise<void> {
    if (document.fullscreenElement) {
      await document.exitFullscreen();
    } else {
      await this.node.requestFullscreen().catch(() => {
        Notification.info('The browser does not allow full screen here.', { autoClose: 4000 });
      });
    }
    this.focus();
  }

  private async act(action: () => Promise<void>): Promise<void> {
    const held = this.bar.node.contains(document.activeElement);
    this.bar.busy = true;
    this.bar.say('');
    try {
      await action();
    } catch (reason) {
      this.fail(reason);
    }
    this.bar.busy = false;
    if (held && (document.activeElement ?? document.body) === document.body) {
      this.bar.focusDrive(); // it went with the button that was pressed
    }
    this.around.changed();
  }

  private fail(reason: unknown): void {
    const error = ApiError.from(reason);
    if (error.code === 'lease_lost') {
      dropLease(this.desktop.id);
    }
    this.bar.say(`${error.message} ${error.hint}`.trim());
  }

  private render(): void {
    const { picture, mine } = this;
    this.bar.update(this.desktop, mine);
    this.node.dataset.connection = picture.state;
    this.cover.update(this.desktop, picture.shown, mine, picture.why);
  }
}

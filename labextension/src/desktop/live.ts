// One desktop: its bar, its picture, and how both follow who drives.

import { Notification } from '@jupyterlab/apputils';
import { type Api, ApiError } from '../api.ts';
import { element } from '../dom.ts';
import { Bar } from './bar.ts';
import { Cover } from './cover.ts';
import { Files } from './files.ts';
import { type Connection, PictureFrame } from './frame.ts';
import type { Desktop } from './shapes.ts';
import { isRunning } from './words.ts';

/** Leases of this page: desktop → what hands it back, and since which turn. Never stored. */
const leases = new Map<string, { lease: string; turn: number }>();

const RETRIES = [500, 2000];

/** A picture that has not come by then is not reached: in ms. */
const PATIENCE = 8_000;

/** How often a person in the picture of a remote desktop gives it time: in ms. */
const STAY_EVERY = 60_000;

/** Only a browser on the server's own machine reaches another port of it for sure. */
const LOOPBACK = /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

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
  private readonly frame: PictureFrame;
  private readonly cover: Cover;
  private readonly around: Around;
  private readonly files = new Files(async ({ id }) => {
    await this.act(async () => {
      const path = await this.api.moveFromDesktop(this.desktop.id, id, this.around.folder());
      Notification.success(`Moved to ${path}`, { autoClose: 8000 });
    });
  });
  private desktop: Desktop;
  private connection: Connection | 'apart' | 'off' = 'off';
  private shownMode = '';
  private retries = 0;
  private timer = 0;
  private readonly ticker: number;
  private onePort = !LOOPBACK.test(location.hostname);
  private disposed = false;
  /** Why there is no picture, where that is known. */
  private why = '';
  /** The turn in which this person has turned on paste; in the next one it is off again. */
  private pasteTurn = -1;
  /** The picture is fetched anew for a click on Paste, which is still to be done. */
  private pasteWaits = false;

  constructor(api: Api, desktop: Desktop, around: Around) {
    this.api = api;
    this.desktop = desktop;
    this.around = around;
    this.frame = new PictureFrame(
      connection => this.onConnection(connection),
      () => this.bar.focusDrive()
    );
    this.cover = new Cover({
      reconnect: () => this.reconnect(),
      dismiss: again =>
        void this.act(() => api.closeDesktop(this.desktop.id)).then(() => around.dismissed(again))
    });
    this.bar = new Bar({
      takeOver: () => void this.takeOver(),
      handBack: () => void this.handBack(),
      paste: () => this.paste(),
      reconnect: () => this.reconnect(),
      ownWindow: () => void this.ownWindow(),
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
      element('div', { className: 'ja-desktop-stage' }, this.frame.node, this.cover.node)
    );
    this.update(desktop);
    this.ticker = window.setInterval(() => void this.sayThere(), STAY_EVERY);
  }

  /** Whether this page drives it. */
  get mine(): boolean {
    const { id, state, turn } = this.desktop;
    return state === 'human' && leases.get(id)?.turn === turn;
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
    this.render();
    if (isRunning(desktop)) {
      // Another mode is another ticket: what a viewer may do is decided where the picture is.
      if (this.connection !== 'apart' && this.shownMode !== this.mode) {
        void this.connect();
      }
    } else {
      this.frame.clear();
      this.shownMode = '';
      this.connection = 'off';
      this.render();
    }
  }

  /** The panel was moved: a frame that is moved loads anew, and its ticket is spent. */
  moved(): void {
    if (this.shownMode !== '') {
      this.reconnect();
    }
  }

  dispose(): void {
    this.disposed = true;
    window.clearTimeout(this.timer);
    window.clearInterval(this.ticker);
    this.frame.dispose();
  }

  /** A remote desktop's picture does not pass the server: that it is seen, and used, it learns here. */
  private async sayThere(): Promise<void> {
    const { caps, id } = this.desktop;
    const lease = leases.get(id)?.lease;
    if (caps.isolation !== 'remote' || !this.mine || lease === undefined) {
      return;
    }
    await this.api.holdDesktop(id, lease).catch(() => undefined);
    if (this.frame.focused && document.hasFocus()) {
      await this.api.stayDesktop(id).catch(() => undefined);
    }
  }

  focus(): void {
    if (this.mine) {
      this.frame.focus();
    } else {
      this.bar.focusDrive();
    }
  }

  private get mode(): 'control' | 'view' {
    return this.mine ? 'control' : 'view';
  }

  private async connect(): Promise<void> {
    const { mode } = this;
    this.shownMode = mode;
    this.connection = 'connecting';
    this.render();
    try {
      const grant = await this.api.grantDesktop(this.desktop.id, mode, this.onePort);
      if (!this.disposed && this.shownMode === mode) {
        const mayType = mode === 'control';
        const title = `Secure desktop, ${mayType ? 'you drive' : 'view only'}`;
        this.frame.show(grant, title, mayType, this.pasteTurn === this.desktop.turn);
        window.clearTimeout(this.timer);
        if (grant.ours) {
          this.timer = window.setTimeout(() => this.notReached(), PATIENCE);
        }
      }
    } catch (reason) {
      const { message, hint } = ApiError.from(reason);
      this.why = `${message} ${hint}`.trim();
      this.onConnection('lost');
    }
  }

  private onConnection(connection: Connection): void {
    if (this.disposed || this.connection === 'apart') {
      return;
    }
    this.connection = connection;
    if (connection === 'connected') {
      window.clearTimeout(this.timer);
      this.retries = 0;
      this.why = '';
      if (this.mine) {
        this.frame.focus();
        if (this.pasteWaits && this.pasteTurn === this.desktop.turn) {
          this.frame.tell({ type: 'paste' });
        }
      }
      this.pasteWaits = false;
    } else if (connection === 'lost') {
      const wait = RETRIES[this.retries];
      this.retries += 1;
      if (wait !== undefined) {
        window.clearTimeout(this.timer);
        this.timer = window.setTimeout(() => void this.connect(), wait);
      }
    }
    this.render();
  }

  /** Through a tunnel the page's host is this machine's, and its ports are not: use Jupyter's own. */
  private notReached(): void {
    if (this.connection === 'connecting') {
      this.onePort = true;
      this.onConnection('lost');
    }
  }

  private async takeOver(): Promise<void> {
    await this.act(async () => {
      const taken = await this.api.takeDesktop(this.desktop.id);
      leases.set(this.desktop.id, taken);
      this.connection = this.connection === 'apart' ? 'off' : this.connection;
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
      const lease = leases.get(this.desktop.id)?.lease ?? '';
      const { done, reason, turn } = await this.api.handBackDesktop(this.desktop.id, lease);
      if (done) {
        this.bar.say('');
        leases.delete(this.desktop.id);
        this.update({ ...this.desktop, state: 'agent', turn });
      } else {
        this.bar.say(`Not handed back: ${reason}`);
      }
    });
  }

  private paste(): void {
    this.bar.say('');
    if (this.pasteTurn !== this.desktop.turn) {
      // Until this click the frame may not read the clipboard, and a frame keeps what it was loaded with.
      this.pasteTurn = this.desktop.turn;
      this.pasteWaits = true;
      this.reconnect();
      return;
    }
    this.frame.focus();
    this.frame.tell({ type: 'paste' });
  }

  private reconnect(): void {
    this.retries = 0;
    this.why = '';
    void this.connect();
  }

  /** The picture in a window of its own: its address bar shows whose page it is. */
  private async ownWindow(): Promise<void> {
    await this.act(async () => {
      this.frame.clear();
      this.connection = 'apart';
      this.shownMode = '';
      this.render();
      const grant = await this.api.grantDesktop(this.desktop.id, this.mode, this.onePort);
      window.open(grant.url, '_blank', 'noopener,noreferrer,width=1300,height=860');
    });
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
    this.bar.busy = true;
    this.bar.say('');
    try {
      await action();
    } catch (reason) {
      this.fail(reason);
    }
    this.bar.busy = false;
    this.around.changed();
  }

  private fail(reason: unknown): void {
    const error = ApiError.from(reason);
    if (error.code === 'lease_lost') {
      leases.delete(this.desktop.id);
    }
    this.bar.say(`${error.message} ${error.hint}`.trim());
  }

  private render(): void {
    const { connection, mine } = this;
    const gone = connection === 'lost' && this.retries > RETRIES.length;
    this.bar.update(this.desktop, mine);
    this.node.dataset.connection = connection;
    this.cover.update(this.desktop, gone ? 'gone' : connection, mine, this.why);
  }
}

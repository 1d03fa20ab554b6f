// The picture of one desktop: fetched with a ticket, again when it is lost, and anew when who may type changes.

import { type Api, ApiError } from '../api.ts';
import type { Shown } from './cover.ts';
import { type Connection, PictureFrame } from './frame.ts';
import { leaseOf } from './leases.ts';
import type { Desktop } from './shapes.ts';

const RETRIES = [500, 2000];

/** A page that has said nothing by then is not reached: in ms. */
const PATIENCE = 8_000;

/** Nor is a picture whose page is there, and waits for it for so long: it is slow on a busy machine. */
const PATIENCE_OF_ITS_PAGE = 30_000;

/** Only a browser on the server's own machine reaches another port of it for sure. */
const LOOPBACK = /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

type Mode = 'control' | 'view';

export interface PictureActions {
  /** It has come, is on its way, or was lost. */
  changed(): void;
  /** Somebody without a mouse wants out of it. */
  leave(): void;
}

export class Picture {
  private readonly api: Api;
  private readonly desktop: () => Desktop;
  private readonly actions: PictureActions;
  private readonly frame: PictureFrame;
  private connection: Exclude<Shown, 'gone'> = 'off';
  private mode: Mode | null = null;
  private retries = 0;
  private timer = 0;
  private onePort = !LOOPBACK.test(location.hostname);
  private disposed = false;
  /** Why there is none, where that is known. */
  why = '';
  /** The turn in which this person has turned on paste; in the next one it is off again. */
  private pasteTurn = -1;
  /** It is fetched anew for a click on Paste, which is still to be done. */
  private pasteWaits = false;

  /** @param desktop - How it is now. */
  constructor(api: Api, desktop: () => Desktop, actions: PictureActions) {
    this.api = api;
    this.desktop = desktop;
    this.actions = actions;
    this.frame = new PictureFrame(
      connection => this.onConnection(connection),
      () => actions.leave()
    );
  }

  get node(): HTMLElement {
    return this.frame.node;
  }

  get shown(): Shown {
    const gone = this.connection === 'lost' && this.retries > RETRIES.length;
    return gone ? 'gone' : this.connection;
  }

  /** How its page is, whether it is tried again or not. */
  get state(): Exclude<Shown, 'gone'> {
    return this.connection;
  }

  /** Whether the keyboard is in it. */
  get focused(): boolean {
    return this.frame.focused;
  }

  /** Another mode is another ticket: what a viewer may do is decided where the picture is made. */
  follow(): void {
    if (this.connection !== 'apart' && this.mode !== this.wanted) {
      void this.connect();
    }
  }

  /** There is nothing to look at. */
  stop(): void {
    this.frame.clear();
    this.mode = null;
    this.connection = 'off';
  }

  /** The panel was moved: a frame that is moved loads anew, and its ticket is spent. */
  moved(): void {
    if (this.mode !== null) {
      this.reconnect();
    }
  }

  reconnect(): void {
    this.retries = 0;
    this.why = '';
    void this.connect();
  }

  /** A person who has taken over here wants to type here, and not in a window of its own. */
  bringHere(): void {
    this.connection = this.connection === 'apart' ? 'off' : this.connection;
  }

  /** Show it in a window of its own: its address bar shows whose page it is. */
  async showApart(): Promise<void> {
    this.stop();
    this.connection = 'apart';
    this.actions.changed();
    const grant = await this.api.grantDesktop(this.desktop().id, this.wanted, this.onePort);
    window.open(grant.url, '_blank', 'noopener,noreferrer,width=1300,height=860');
  }

  /** Have its page paste what this computer's clipboard holds. */
  paste(): void {
    if (this.pasteTurn !== this.desktop().turn) {
      // Until this click the frame may not read the clipboard, and a frame keeps what it was loaded with.
      this.pasteTurn = this.desktop().turn;
      this.pasteWaits = true;
      this.reconnect();
      return;
    }
    this.frame.focus();
    this.frame.tell({ type: 'paste' });
  }

  focus(): void {
    this.frame.focus();
  }

  dispose(): void {
    this.disposed = true;
    window.clearTimeout(this.timer);
    this.frame.dispose();
  }

  private get wanted(): Mode {
    return leaseOf(this.desktop()) === '' ? 'view' : 'control';
  }

  private async connect(): Promise<void> {
    const mode = this.wanted;
    this.mode = mode;
    this.connection = 'connecting';
    this.actions.changed();
    try {
      const grant = await this.api.grantDesktop(this.desktop().id, mode, this.onePort);
      if (!this.disposed && this.mode === mode) {
        const mayType = mode === 'control';
        const title = `Secure desktop, ${mayType ? 'you drive' : 'view only'}`;
        this.frame.show(grant, title, mayType, this.pasteTurn === this.desktop().turn);
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
      this.onConnected();
    } else if (connection === 'connecting' && this.frame.reached) {
      window.clearTimeout(this.timer);
      this.timer = window.setTimeout(() => this.notReached(), PATIENCE_OF_ITS_PAGE);
    } else if (connection === 'lost') {
      const wait = RETRIES[this.retries];
      this.retries += 1;
      if (wait !== undefined) {
        window.clearTimeout(this.timer);
        this.timer = window.setTimeout(() => void this.connect(), wait);
      }
    }
    this.actions.changed();
  }

  private onConnected(): void {
    window.clearTimeout(this.timer);
    this.retries = 0;
    this.why = '';
    if (this.wanted === 'control') {
      this.frame.focus();
      if (this.pasteWaits && this.pasteTurn === this.desktop().turn) {
        this.frame.tell({ type: 'paste' });
      }
    }
    this.pasteWaits = false;
  }

  /** Through a tunnel the page's host is this machine's, and its ports are not: use Jupyter's own. */
  private notReached(): void {
    if (this.connection === 'connecting') {
      this.onePort = true;
      this.onConnection('lost');
    }
  }
}

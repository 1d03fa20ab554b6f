// What the server tells this page, as signals. While the websocket is open, the server counts as
// somebody who can be asked for approvals.

import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';
import type { Api } from './api.ts';
import type { DesktopNews } from './desktop/shapes.ts';
import type { Approval, Refused } from './tokens.ts';

const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 30_000;

export type Changed =
  | 'secrets'
  | 'agents'
  | 'grants'
  | 'allowances'
  | 'vault'
  | 'runs'
  | 'egress'
  | 'desktops';

/** Whether stored values are recognised in cells, and why they are not. */
export interface MatchState {
  state: 'on' | 'off';
  why: string;
}

/** A notebook was saved; `count` says how much of it was masked on the way. */
export interface Masked {
  path: string;
  count: number;
}

/** A kernel said a stored value, and it was replaced; told once. */
export interface Exposed {
  label: string;
  notebook: string;
  revoke: string;
}

/** The server did not store a chat message that came past the page's own guard. */
export interface ChatRefused extends Refused {
  path: string;
}

export class Events implements IDisposable {
  private readonly api: Api;
  private readonly _approval = new Signal<this, Approval>(this);
  private readonly _approvalClosed = new Signal<this, { approval_id: string; answer: string }>(
    this
  );
  private readonly _changed = new Signal<this, Changed>(this);
  private readonly _masked = new Signal<this, Masked>(this);
  private readonly _exposed = new Signal<this, Exposed>(this);
  private readonly _chatRefused = new Signal<this, ChatRefused>(this);
  private readonly _desktop = new Signal<this, DesktopNews>(this);
  private readonly _broker = new Signal<this, 'up' | 'down'>(this);
  private readonly _match = new Signal<this, MatchState>(this);
  private readonly _connected = new Signal<this, void>(this);
  private socket: WebSocket | null = null;
  private timer = 0;
  private wait = FIRST_WAIT;
  private disposed = false;

  constructor(api: Api) {
    this.api = api;
  }

  get approval(): ISignal<this, Approval> {
    return this._approval;
  }

  get approvalClosed(): ISignal<this, { approval_id: string; answer: string }> {
    return this._approvalClosed;
  }

  get changed(): ISignal<this, Changed> {
    return this._changed;
  }

  get masked(): ISignal<this, Masked> {
    return this._masked;
  }

  get exposed(): ISignal<this, Exposed> {
    return this._exposed;
  }

  get chatRefused(): ISignal<this, ChatRefused> {
    return this._chatRefused;
  }

  /** A desktop that a kernel has opened is to be shown, or one has ended by itself. */
  get desktop(): ISignal<this, DesktopNews> {
    return this._desktop;
  }

  get broker(): ISignal<this, 'up' | 'down'> {
    return this._broker;
  }

  /** Stored values are no longer recognised, or are again; each told once. */
  get match(): ISignal<this, MatchState> {
    return this._match;
  }

  /** The websocket opened; whatever happened while it was closed was missed. */
  get connected(): ISignal<this, void> {
    return this._connected;
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  /** Connect and stay connected. Calling it again while connected or waiting does nothing. */
  start(): void {
    if (this.disposed || this.socket || this.timer) {
      return;
    }
    const socket = this.api.events();
    this.socket = socket;
    socket.onopen = () => {
      this.wait = FIRST_WAIT;
      this._connected.emit();
    };
    socket.onmessage = message => this.receive(message.data);
    socket.onclose = () => {
      this.socket = null;
      if (!this.disposed) {
        this.timer = window.setTimeout(() => {
          this.timer = 0;
          this.start();
        }, this.wait);
        this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
      }
    };
  }

  dispose(): void {
    this.disposed = true;
    window.clearTimeout(this.timer);
    this.socket?.close();
    Signal.clearData(this);
  }

  private receive(data: unknown): void {
    let message: { event?: string } & Record<string, unknown>;
    try {
      message = JSON.parse(String(data));
    } catch {
      return; // not ours to interpret, and never to log
    }
    switch (message.event) {
      case 'approval':
        this._approval.emit(message.approval as Approval);
        break;
      case 'approval_closed':
        this._approvalClosed.emit(message as unknown as { approval_id: string; answer: string });
        break;
      case 'changed':
        this._changed.emit(message.what as Changed);
        break;
      case 'masked':
        this._masked.emit(message as unknown as Masked);
        break;
      case 'exposed':
        this._exposed.emit(message as unknown as Exposed);
        break;
      case 'chat_refused':
        this._chatRefused.emit(message as unknown as ChatRefused);
        break;
      case 'desktop':
        this._desktop.emit(message as DesktopNews);
        break;
      case 'broker':
        this._broker.emit(message.state as 'up' | 'down');
        break;
      case 'match':
        this._match.emit(message as unknown as MatchState);
        break;
    }
  }
}

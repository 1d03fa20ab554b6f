// The frame with the picture. Its page is the provider's own, on another origin: this page sees
// neither what it shows nor what is typed there, and tells it a few words by messages.

import { element } from '../dom.ts';
import type { StreamGrant } from './shapes.ts';

export type Connection = 'connecting' | 'connected' | 'lost';

/** What the framed page says of itself. */
interface Said {
  type?: unknown;
  state?: unknown;
}

/** On the body: whether JupyterLab's theme is a light one. */
const THEME = 'data-jp-theme-light';

export class PictureFrame {
  readonly node = element('div', { className: 'ja-desktop-frame' });
  private readonly onConnection: (connection: Connection) => void;
  private frame: HTMLIFrameElement | null = null;
  private origin = '';
  private ours = true;
  /** Whether its page has said something: it was reached. */
  reached = false;
  private readonly listener = (event: MessageEvent) => this.hear(event);
  private readonly onLeave: () => void;
  private readonly theme = new MutationObserver(() => this.tellTheme());

  /** @param onLeave - Somebody without a mouse wants out of the picture. */
  constructor(onConnection: (connection: Connection) => void, onLeave: () => void) {
    this.onConnection = onConnection;
    this.onLeave = onLeave;
    window.addEventListener('message', this.listener);
    this.theme.observe(document.body, { attributeFilter: [THEME] });
  }

  /**
   * Show a picture; one that was shown before is let go first, because there is one viewer only.
   *
   * @param mayPaste - Whether a person has asked to paste: only then may its page read the clipboard.
   *   A frame has for good what it was loaded with, so another answer needs another grant.
   */
  show(grant: StreamGrant, title: string, mayType: boolean, mayPaste: boolean): void {
    this.clear();
    this.reached = false;
    if (!isSafe(grant)) {
      this.onConnection('lost');
      return;
    }
    this.origin = grant.sandbox.split(/\s+/).includes('allow-same-origin') ? grant.origin : 'null';
    this.frame = element('iframe', {
      className: 'ja-desktop-picture',
      title,
      referrerPolicy: 'no-referrer',
      allow: mayType && mayPaste && grant.ours ? `${grant.allow}; clipboard-read` : grant.allow
    });
    // Tab does not lead into a picture that takes no keys.
    this.frame.tabIndex = mayType ? 0 : -1;
    // Before the address, so that nothing of it is ever loaded without.
    this.frame.setAttribute('sandbox', grant.sandbox);
    this.frame.src = grant.url;
    this.ours = grant.ours;
    this.onConnection('connecting');
    if (!grant.ours) {
      // A provider's page says nothing to us, and shows by itself what becomes of it.
      const { frame } = this;
      frame.addEventListener('load', () => this.frame === frame && this.onConnection('connected'));
    }
    this.node.replaceChildren(this.frame);
  }

  /** Let the picture go. */
  clear(): void {
    this.frame = null;
    this.node.replaceChildren();
  }

  /** Put the keyboard into the picture. */
  focus(): void {
    this.frame?.focus();
  }

  /** Whether the keyboard is in the picture. */
  get focused(): boolean {
    return this.frame !== null && document.activeElement === this.frame;
  }

  get shown(): boolean {
    return this.frame !== null;
  }

  /** Tell the framed page something. Never a text that a person has: it reads the clipboard itself. */
  tell(message: { type: string } & Record<string, string>): void {
    if (!this.ours) {
      return;
    }
    // An opaque origin can't be named as a target; the frame is the one that was made here.
    this.frame?.contentWindow?.postMessage(message, this.origin === 'null' ? '*' : this.origin);
  }

  dispose(): void {
    window.removeEventListener('message', this.listener);
    this.theme.disconnect();
    this.clear();
  }

  /** Its page can't see which theme is chosen here. */
  private tellTheme(): void {
    const dark = document.body.getAttribute(THEME) === 'false';
    this.tell({ type: 'theme', theme: dark ? 'dark' : 'light' });
  }

  private hear(event: MessageEvent): void {
    if (
      !this.ours ||
      !this.frame ||
      event.source !== this.frame.contentWindow ||
      event.origin !== this.origin
    ) {
      return;
    }
    const said = (event.data ?? {}) as Said;
    if (said.type !== 'jupyter-agent-viewer') {
      return;
    }
    if (said.state === 'leave') {
      this.onLeave();
    } else if (isConnection(said.state)) {
      this.reached = true;
      this.tellTheme();
      this.onConnection(said.state);
    }
  }
}

/** A frame on this page's own origin must not be let out of its sandbox: it could reach the page. */
function isSafe(grant: StreamGrant): boolean {
  try {
    const { origin } = new URL(grant.url);
    const free = grant.sandbox.split(/\s+/).includes('allow-same-origin');
    return grant.sandbox !== '' && origin === grant.origin && !(free && origin === location.origin);
  } catch {
    return false;
  }
}

function isConnection(state: unknown): state is Connection {
  return state === 'connecting' || state === 'connected' || state === 'lost';
}

// The tick that a page which came over plain http asks for. The server asks for it too.
//
// Sealing keeps listeners out on such a page, but whoever can change the traffic can change the page
// itself and read what is typed. Only the person can say that this network is theirs.

import { element } from '../dom.ts';

export class PlainTick {
  /** Null on https and on this machine itself, where there is nothing to accept. */
  readonly node: HTMLElement | null;
  private readonly box: HTMLInputElement | null;

  constructor() {
    this.box = window.isSecureContext ? null : element('input', { type: 'checkbox' });
    this.node =
      this.box &&
      element(
        'label',
        { className: 'ja-form-plain' },
        this.box,
        'This page came over plain http: whoever can change the traffic could read what I type. I accept that for this value.'
      );
  }

  /** Whether the person has accepted a page that is not protected. */
  get accepted(): boolean {
    return this.box?.checked ?? false;
  }

  /** What is still to be said before anything is typed into this page, or "". */
  get problem(): string {
    return this.box && !this.box.checked
      ? 'Tick the box above, or open JupyterLab over https.'
      : '';
  }

  focus(): void {
    this.box?.focus();
  }
}

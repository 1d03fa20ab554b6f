// That a person sits in front of a desktop elsewhere. Its picture does not pass the server, which learns it from here:
// without a word it takes the page for gone, and pauses the desktop.

import type { Api } from '../api.ts';
import { leaseOf } from './leases.ts';
import type { Desktop } from './shapes.ts';

/** So many words are said in the time after which the page is taken for gone. */
const WORDS = 5;

export class Presence {
  private readonly api: Api;
  private readonly desktop: () => Desktop;
  private readonly used: () => boolean;
  private timer = 0;
  private disposed = false;

  /**
   * @param desktop - How it is now.
   * @param used - Whether the person is in its picture: that gives it time, too.
   */
  constructor(api: Api, desktop: () => Desktop, used: () => boolean) {
    this.api = api;
    this.desktop = desktop;
    this.used = used;
    this.wait();
  }

  dispose(): void {
    this.disposed = true;
    window.clearTimeout(this.timer);
  }

  private wait(): void {
    const { away } = this.desktop();
    this.timer = window.setTimeout(() => void this.say(), (away * 1000) / WORDS);
  }

  private async say(): Promise<void> {
    const desktop = this.desktop();
    const lease = leaseOf(desktop);
    if (desktop.caps.isolation === 'remote' && lease !== '') {
      await this.api.holdDesktop(desktop.id, lease).catch(() => undefined);
      if (this.used()) {
        await this.api.stayDesktop(desktop.id).catch(() => undefined);
      }
    }
    if (!this.disposed) {
      this.wait();
    }
  }
}

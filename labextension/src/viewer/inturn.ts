// Keys and texts go to the desktop in the order in which they were typed, though a text may have to wait: for the desktop
// to say what its clipboard takes. An Enter that overtook it would send a password that lacks a part, and nobody would
// see it.

interface Key {
  press: () => void;
  down: boolean;
}

export class InTurn {
  private behind: Key[] = [];
  private waiting = 0;

  /** Send a key: now, or once what was typed before it has gone. */
  key(down: boolean, press: () => void): void {
    if (this.waiting) {
      this.behind.push({ press, down });
    } else {
      press();
    }
  }

  /**
   * Have all keys wait for something.
   *
   * @param gone - Whether it went. If not, keys that were pressed behind it are not sent either: they were meant to
   *   follow it. Those that were let go are, or one that was held before would stay down.
   */
  async first(gone: Promise<boolean>): Promise<void> {
    this.waiting += 1;
    const went = await gone.catch(() => false);
    this.waiting -= 1;
    if (!went) {
      this.behind = this.behind.filter(key => !key.down);
    }
    if (!this.waiting) {
      for (const key of this.behind.splice(0)) {
        key.press();
      }
    }
  }
}

// A text from this computer's clipboard into the desktop: in by one paste, and gone from there right after.

import { whenSent } from './send.ts';

const LARGEST = 4096; // bytes; the desktop's X server takes no more
const GONE_AFTER = 10_000; // milliseconds; the browser inside asks for it at once, and on a machine that is busy within some seconds

export class Paste {
  private readonly give: (text: string) => void;
  private readonly press: () => void;
  private readonly ready: () => Promise<boolean>;
  private readonly wait: (given: Promise<boolean>) => unknown;
  private readonly box = document.createElement('form');
  private readonly input = document.createElement('input');
  private readonly note = document.createElement('p');
  private timer = 0;

  /**
   * @param give - Gives the desktop's clipboard a text.
   * @param press - Presses the desktop's keys for "paste".
   * @param done - Gives the keyboard back to the picture.
   * @param ready - Whether the desktop's clipboard takes any text, which may have to be waited for.
   * @param wait - Keeps back what is typed until a text was given, or was not.
   */
  constructor(
    give: (text: string) => void,
    press: () => void,
    done: () => void,
    ready: () => Promise<boolean> = async () => true,
    wait: (given: Promise<boolean>) => unknown = () => {}
  ) {
    this.give = give;
    this.press = press;
    this.ready = ready;
    this.wait = wait;
    this.box.className = 'paste';
    this.box.hidden = true;
    this.box.setAttribute('role', 'dialog');
    this.box.setAttribute('aria-label', 'Paste into the desktop');
    this.input.type = 'password'; // masked, and nobody's form: nothing is kept of it
    this.input.autocomplete = 'off';
    this.input.setAttribute('aria-label', 'What to paste');
    this.input.placeholder = 'Paste it here, then press Enter';
    this.note.setAttribute('role', 'status');
    const cancel = document.createElement('button');
    cancel.type = 'button';
    cancel.textContent = 'Cancel';
    const send = document.createElement('button');
    send.textContent = 'Paste';
    this.box.append(this.note, this.input, send, cancel);
    document.body.append(this.box);
    const close = () => {
      this.input.value = '';
      this.box.hidden = true;
      done();
    };
    cancel.addEventListener('click', close);
    this.box.addEventListener('keydown', event => {
      if (event.key === 'Escape') {
        close();
      }
    });
    whenSent(this.box, () => {
      const text = this.input.value;
      close();
      this.text(text);
    });
  }

  /** Take what this computer's clipboard holds, or ask for it where it may not be read. */
  async fromClipboard(): Promise<void> {
    let text: string;
    await focused();
    try {
      text = await navigator.clipboard.readText();
    } catch {
      this.ask('This browser does not let the desktop read the clipboard.');
      return;
    }
    this.text(text);
  }

  /** Paste a text. */
  text(text: string): void {
    if (text === '') {
      return;
    }
    // Cut short it would be a wrong password, and nobody would see it.
    if (new TextEncoder().encode(text).length > LARGEST) {
      this.ask('That is longer than 4 KiB, so it was not pasted.');
      return;
    }
    this.wait(this.hand(text.replaceAll('\r\n', '\n')));
  }

  private async hand(text: string): Promise<boolean> {
    if (!(await this.ready())) {
      this.ask('The desktop takes no text yet, so it was not pasted.');
      return false;
    }
    this.give(text);
    this.press();
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.give(''), GONE_AFTER);
    return true;
  }

  private ask(why: string): void {
    this.note.textContent = why;
    this.box.hidden = false;
    this.input.focus();
  }
}

/** Once the keyboard is here, or after a second: only a page that has it may read the clipboard. */
async function focused(): Promise<void> {
  if (!document.hasFocus()) {
    await new Promise<void>(done => {
      window.addEventListener('focus', () => done(), { once: true });
      window.setTimeout(done, 1000);
    });
  }
}

// What a page asks by windows that its browser would show: a list, a dialog, files, a login. Shown here, over the
// picture, and clearly not the page's own: a page can draw anything but this.

import { whenSent } from './send.ts';

interface Choice {
  label: string;
  group: string;
  disabled: boolean;
}

export type Ask =
  | { id: string; kind: 'list'; options: Choice[]; chosen: number; box: number[] }
  | { id: string; kind: 'dialog'; sort: string; host: string; message: string; text: string }
  | { id: string; kind: 'files'; many: boolean }
  | { id: string; kind: 'login'; host: string };

const PIECE = 384 * 1024; // bytes of a file in one message; base64 makes a third more of them
const LARGEST = 50 * 1024 * 1024; // bytes of all files; the desktop takes no more

export class Asks {
  private readonly canvas: HTMLCanvasElement;
  private readonly say: (message: object) => void;
  private readonly done: () => void;
  private readonly box = document.createElement('form');
  private open = '';
  private cancel: () => void = () => {};
  private submit: () => void = () => {};

  constructor(
    parent: HTMLElement,
    canvas: HTMLCanvasElement,
    say: (message: object) => void,
    done: () => void
  ) {
    this.canvas = canvas;
    this.say = say;
    this.done = done;
    this.box.className = 'ask';
    this.box.hidden = true;
    this.box.setAttribute('role', 'dialog');
    whenSent(this.box, () => this.submit());
    this.box.addEventListener('keydown', event => {
      if (event.key === 'Escape') {
        this.cancel();
      }
    });
    parent.append(this.box);
  }

  update(ask: Ask | null): void {
    if (ask === null) {
      this.close();
      return;
    }
    if (ask.id === this.open) {
      return;
    }
    this.open = ask.id;
    this.box.replaceChildren();
    this.box.classList.toggle('list', ask.kind === 'list');
    this.box.removeAttribute('style');
    this.box.hidden = false;
    if (ask.kind === 'list') {
      this.list(ask);
    } else if (ask.kind === 'dialog') {
      this.dialog(ask);
    } else if (ask.kind === 'files') {
      this.files(ask);
    } else {
      this.login(ask);
    }
  }

  /** Give it the keyboard, if something is asked; returns whether it is. */
  focus(): boolean {
    if (!this.box.hidden && !this.box.contains(document.activeElement)) {
      this.box.querySelector<HTMLElement>('select, input, button')?.focus();
    }
    return !this.box.hidden;
  }

  private close(): void {
    if (!this.box.hidden) {
      this.open = ''; // first: a field that goes loses the focus, which is a "no" while it is asked
      this.box.hidden = true;
      this.box.replaceChildren(); // a password that was typed here goes with its field
      this.done();
    }
  }

  private answer(answer: object): void {
    const id = this.open;
    this.close();
    this.say({ answer: id, ...answer });
  }

  private list(ask: Ask & { kind: 'list' }): void {
    this.box.setAttribute('aria-label', 'Choose');
    const list = document.createElement('select');
    list.size = Math.min(Math.max(ask.options.length, 2), 12);
    let group: HTMLOptGroupElement | null = null;
    ask.options.forEach((option, index) => {
      const shown = new Option(option.label, String(index), false, index === ask.chosen);
      shown.disabled = option.disabled;
      if (option.group && group?.label !== option.group) {
        group = document.createElement('optgroup');
        group.label = option.group;
        list.append(group);
      }
      group = option.group ? group : null;
      (group ?? list).append(shown);
    });
    const choose = () => this.answer({ index: list.selectedIndex });
    list.addEventListener('click', event => {
      if (event.target instanceof HTMLOptionElement) {
        choose();
      }
    });
    list.addEventListener('keydown', event => {
      if (event.key === 'Enter' || event.key === 'Tab') {
        event.preventDefault();
        choose();
      }
    });
    this.cancel = () => this.answer({ index: -1 });
    list.addEventListener('blur', () => this.open === ask.id && this.cancel());
    this.box.append(list);
    this.under(ask.box);
    list.focus();
  }

  /** Put the list where the page has its field, or above it where there is more room. */
  private under(box: number[]): void {
    const [x = 0, y = 0, width = 0, height = 0] = box;
    const frame = this.canvas.getBoundingClientRect();
    const scale = frame.width / (this.canvas.width || 1);
    const top = frame.top + (y + height) * scale;
    const left = Math.min(frame.left + x * scale, window.innerWidth - this.box.offsetWidth - 4);
    const below = top + this.box.offsetHeight <= window.innerHeight;
    this.box.style.left = `${Math.max(4, left)}px`;
    this.box.style.top = `${below ? top : Math.max(4, frame.top + y * scale - this.box.offsetHeight)}px`;
    this.box.style.minWidth = `${width * scale}px`;
  }

  private dialog(ask: Ask & { kind: 'dialog' }): void {
    const leaving = ask.sort === 'beforeunload';
    this.head(
      leaving
        ? 'Leave this page? What you have filled in may be lost.'
        : `${ask.host || 'The page'} says`
    );
    if (!leaving) {
      this.box.append(paragraph(ask.message));
    }
    const text = ask.sort === 'prompt' ? this.input('Your answer', 'text', ask.text) : null;
    this.cancel = () => this.answer({ accept: ask.sort === 'alert' });
    this.submit = () => this.answer(text ? { accept: true, text: text.value } : { accept: true });
    this.buttons(leaving ? 'Leave' : 'OK', ask.sort !== 'alert');
    (text ?? this.box.querySelector('button'))?.focus();
  }

  private files(ask: Ask & { kind: 'files' }): void {
    this.head(ask.many ? 'The page asks for files' : 'The page asks for a file');
    this.box.append(paragraph('They go from this computer to the page that is open here.'));
    const files = this.input('Files', 'file', '');
    files.multiple = ask.many;
    this.cancel = () => this.answer({ accept: false });
    this.submit = () => void this.send(ask.id, [...(files.files ?? [])]);
    this.buttons('Give', true);
    files.focus();
  }

  private async send(id: string, files: File[]): Promise<void> {
    if (files.reduce((sum, file) => sum + file.size, 0) > LARGEST) {
      this.box.append(paragraph('These files are too large: 50 MB is the most.'));
      return;
    }
    for (const file of files) {
      for (let at = 0; at === 0 || at < file.size; at += PIECE) {
        const bytes = new Uint8Array(await file.slice(at, at + PIECE).arrayBuffer());
        this.say({ file: id, name: file.name, first: at === 0, data: base64(bytes) });
      }
    }
    this.answer({ accept: files.length > 0 });
  }

  private login(ask: Ask & { kind: 'login' }): void {
    this.head(`${ask.host || 'The page'} asks you to sign in`);
    const user = this.input('User name', 'text', '');
    const password = this.input('Password', 'password', '');
    this.cancel = () => this.close();
    this.submit = () => this.answer({ user: user.value, password: password.value });
    this.buttons('Sign in', true);
    user.focus();
  }

  private head(text: string): void {
    const head = document.createElement('h1');
    head.textContent = text;
    this.box.setAttribute('aria-label', text);
    this.box.append(head);
  }

  private input(name: string, type: string, value: string): HTMLInputElement {
    const label = document.createElement('label');
    const input = document.createElement('input');
    input.type = type;
    input.autocomplete = 'off';
    if (type !== 'file') {
      input.value = value;
    }
    label.append(name, input);
    this.box.append(label);
    return input;
  }

  private buttons(yes: string, cancels: boolean): void {
    const row = document.createElement('div');
    const ok = document.createElement('button');
    ok.textContent = yes;
    row.append(ok);
    if (cancels) {
      const no = document.createElement('button');
      no.type = 'button';
      no.textContent = 'Cancel';
      no.addEventListener('click', () => this.cancel());
      row.append(no);
    }
    this.box.append(row);
  }
}

function paragraph(text: string): HTMLParagraphElement {
  const element = document.createElement('p');
  element.textContent = text;
  return element;
}

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return btoa(text);
}

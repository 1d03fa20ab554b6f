// What is typed into the picture. noVNC knows the keys; this adds what a keyboard composes: dead keys, input methods
// and the keyboards of phones tell no key but a text, and they tell it to a field only.

import Keyboard from 'novnc-keyboard';
import keysyms from 'novnc-keysyms';

const CONTROL_LEFT = 0xffe3; // X11/keysymdef.h
const SHIFT_LEFT = 0xffe1;
const LETTER_V = 0x76;
const LATIN_1 = 0xff;
const NAMED = new Map([
  [0x0a, 0xff0d], // line feed: Return
  [0x09, 0xff09] // Tab
]);

const MAC = /mac|iphone|ipad/i.test(navigator.platform);
// A Mac's Command does what Control does on the desktop: copy, paste, select all, a new tab.
const AS_CONTROL = new Set(['MetaLeft', 'MetaRight']);

export type Send = (keysym: number, code: string | null, down: boolean) => void;

/** Press Control and V. */
export function pressPaste(send: Send): void {
  send(CONTROL_LEFT, 'ControlLeft', true);
  send(LETTER_V, 'KeyV', true);
  send(LETTER_V, 'KeyV', false);
  send(CONTROL_LEFT, 'ControlLeft', false);
}

export class Keys {
  private readonly field: HTMLTextAreaElement;
  private readonly send: Send;
  private readonly paste: (text: string) => void;

  /**
   * @param field - What has the focus while somebody types; it never keeps a text.
   * @param send - Sends a key to the desktop.
   * @param paste - Takes a text that was pasted.
   */
  constructor(field: HTMLTextAreaElement, send: Send, paste: (text: string) => void) {
    this.field = field;
    this.send = send;
    this.paste = paste;
    // Before noVNC's own listeners, which keep the browser from composing and from pasting.
    for (const type of ['keydown', 'keyup'] as const) {
      field.addEventListener(type, event => this.leaveToBrowser(event), { capture: true });
    }
    field.addEventListener('compositionend', event => this.take(event.data));
    field.addEventListener('input', event => {
      const { isComposing, data, inputType } = event as InputEvent;
      if (!isComposing && inputType !== 'insertCompositionText') {
        this.take(data ?? '');
      }
    });
    field.addEventListener('paste', event => {
      event.preventDefault();
      paste(event.clipboardData?.getData('text/plain') ?? '');
    });
    const keyboard = new Keyboard(field);
    keyboard.onkeyevent = (keysym, code, down) => {
      if (MAC && AS_CONTROL.has(code)) {
        send(CONTROL_LEFT, 'ControlLeft', down);
      } else if (keysym) {
        send(keysym, code, down);
      }
    };
    keyboard.grab();
  }

  /** Press and let go a key that does nothing: the first keys of a fresh desktop would else be read wrongly. */
  warmUp(): void {
    this.tap(SHIFT_LEFT, 'ShiftLeft');
  }

  /** Type a text, character by character. */
  type(text: string): void {
    for (const character of text) {
      const point = character.codePointAt(0) ?? 0;
      this.tap(NAMED.get(point) ?? keysyms.lookup(point), null);
    }
  }

  private tap(keysym: number, code: string | null): void {
    this.send(keysym, code, true);
    this.send(keysym, code, false);
  }

  private take(text: string): void {
    this.field.value = '';
    // What no key of the desktop gives would be lost the first time, and in a password field nobody sees it.
    if ([...text].every(character => character.charCodeAt(0) <= LATIN_1)) {
      this.type(text);
    } else {
      this.paste(text);
    }
  }

  private leaveToBrowser(event: KeyboardEvent): void {
    const composing = event.isComposing || event.keyCode === 229; // 229: an input method has it
    const dead = event.key === 'Dead' || event.key === 'Process' || event.key === 'Compose';
    if (composing || dead || isPaste(event)) {
      event.stopImmediatePropagation();
    }
  }
}

function isPaste(event: KeyboardEvent): boolean {
  const held = MAC ? event.metaKey : event.ctrlKey;
  return (
    (held && !event.altKey && event.key.toLowerCase() === 'v') ||
    (event.shiftKey && event.key === 'Insert')
  );
}

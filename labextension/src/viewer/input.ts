// Mouse and keyboard, as the browser on the other side takes them. A character is sent as the character that this
// keyboard has made, so no layout has to be known there.

export interface Sized {
  width: number;
  height: number;
}

const BUTTONS = ['left', 'middle', 'right', 'back', 'forward'];
const DOUBLE = 500; // milliseconds between the clicks of a double click
const NEAR = 4; // pixels between them
const ON_A_MAC = /Mac|iP(hone|ad)/.test(navigator.platform);

export class Input {
  private readonly canvas: HTMLCanvasElement;
  private readonly field: HTMLTextAreaElement;
  private readonly page: Sized;
  private readonly say: (message: object) => void;
  /** Takes a text that was pasted here with the keyboard. */
  pasted: (text: string) => void = () => {};

  private clicks = 0;
  private last = { time: 0, x: 0, y: 0, button: -1 };

  constructor(
    canvas: HTMLCanvasElement,
    field: HTMLTextAreaElement,
    page: Sized,
    say: (message: object) => void
  ) {
    this.canvas = canvas;
    this.field = field;
    this.page = page;
    this.say = say;
    canvas.addEventListener('pointerdown', event => this.press(event));
    canvas.addEventListener('pointerup', event => this.mouse('mouseReleased', event));
    canvas.addEventListener('pointermove', event => this.mouse('mouseMoved', event));
    canvas.addEventListener('wheel', event => this.wheel(event), { passive: false });
    canvas.addEventListener('contextmenu', event => event.preventDefault());
    field.addEventListener('keydown', event => this.down(event));
    field.addEventListener('keyup', event => this.up(event));
    field.addEventListener('input', event => this.typed(event as InputEvent));
    field.addEventListener('compositionend', event => this.composed(event));
    field.addEventListener('paste', event => {
      event.preventDefault();
      this.pasted(event.clipboardData?.getData('text/plain') ?? '');
    });
  }

  private press(event: PointerEvent): void {
    const { timeStamp: time, clientX: x, clientY: y, button } = event;
    const near = Math.hypot(x - this.last.x, y - this.last.y) < NEAR;
    const again = near && button === this.last.button && time - this.last.time < DOUBLE;
    this.clicks = again ? this.clicks + 1 : 1;
    this.last = { time, x, y, button };
    this.canvas.setPointerCapture(event.pointerId); // a drag may leave the picture
    this.mouse('mousePressed', event);
    event.preventDefault();
  }

  private mouse(kind: string, event: PointerEvent): void {
    const button = kind === 'mouseMoved' ? 'none' : (BUTTONS[event.button] ?? 'none');
    const clicks = kind === 'mouseMoved' ? 0 : this.clicks;
    const place = this.place(event);
    if (place) {
      const { buttons } = event;
      this.say({ mouse: kind, ...place, button, buttons, clicks, modifiers: modifiers(event) });
    }
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault();
    const scale = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 40 : 1;
    const place = this.place(event);
    if (place) {
      this.say({ wheel: [event.deltaX * scale, event.deltaY * scale], ...place });
    }
  }

  /** Where in the page that is. */
  private place(event: MouseEvent): { x: number; y: number } | null {
    const box = this.canvas.getBoundingClientRect();
    if (!box.width || !this.page.width) {
      return null;
    }
    const x = ((event.clientX - box.left) * this.page.width) / box.width;
    const y = ((event.clientY - box.top) * this.page.height) / box.height;
    return { x, y };
  }

  private down(event: KeyboardEvent): void {
    // A dead key or an input method is at work: what comes of it comes as text.
    if (event.isComposing || event.key === 'Dead' || event.key === 'Process') {
      return;
    }
    const command = event.ctrlKey || event.metaKey;
    if (command && event.key.toLowerCase() === 'v') {
      return; // this browser pastes, into the field
    }
    const graph = event.getModifierState('AltGraph');
    const writes =
      event.key.length === 1 && (!command || graph) && (!event.altKey || graph || ON_A_MAC);
    const text = writes ? event.key : event.key === 'Enter' ? '\r' : '';
    event.preventDefault();
    this.key('keyDown', event, text);
  }

  private up(event: KeyboardEvent): void {
    if (!event.isComposing && event.key !== 'Dead' && event.key !== 'Process') {
      event.preventDefault();
      this.key('keyUp', event, '');
    }
  }

  private key(kind: string, event: KeyboardEvent, text: string): void {
    // What a character was made with must not turn it into a command on the other side.
    let held = text && text !== '\r' ? modifiers(event) & 8 : modifiers(event);
    if (ON_A_MAC && held & 4) {
      held = (held & ~4) | 2; // Cmd is Control there
    }
    const [name, code, number] = [event.key, event.code, event.keyCode];
    this.say({ key: kind, name, code, number, text, modifiers: held });
  }

  private typed(event: InputEvent): void {
    if (!event.isComposing) {
      this.give(this.field.value);
    }
  }

  private composed(event: CompositionEvent): void {
    this.give(event.data);
  }

  private give(text: string): void {
    this.field.value = '';
    if (text) {
      this.say({ text });
    }
  }
}

/** As the protocol numbers them. */
function modifiers(event: MouseEvent | KeyboardEvent): number {
  return (
    (event.altKey ? 1 : 0) |
    (event.ctrlKey ? 2 : 0) |
    (event.metaKey ? 4 : 0) |
    (event.shiftKey ? 8 : 0)
  );
}

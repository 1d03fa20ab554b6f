// The page that shows a desktop without a screen: pictures, a bar with its tabs and address, and what its pages ask.
// What goes over its socket is said in jupyter_agent/desktop/screencast.py and person.py.

import { followTheme, leaveByKeyboard, stopWhenHidden } from './around.ts';
import { Asks } from './asks.ts';
import { Bar } from './bar.ts';
import { Input } from './input.ts';
import { Parent } from './parent.ts';
import { Paste } from './paste.ts';
import { Permits } from './permits.ts';

const told = document.body.dataset;
const ticket = location.hash.slice(1);
history.replaceState(null, '', location.pathname);
const mayType = told.mode === 'control';

const bar = document.createElement('header');
const screen = document.createElement('main');
const canvas = document.createElement('canvas');
const field = document.createElement('textarea');
const note = document.createElement('p');

function build(): void {
  document.body.classList.add('pictures');
  bar.className = 'bar';
  screen.className = 'screen';
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', 'The page that is open on the secure desktop');
  note.className = 'note';
  note.setAttribute('role', 'status');
  note.textContent = 'Connecting…';
  field.className = 'typed';
  field.setAttribute('aria-label', 'Keyboard of the secure desktop');
  field.autocomplete = 'off';
  field.spellcheck = false;
  for (const name of ['autocapitalize', 'autocorrect']) {
    field.setAttribute(name, 'off');
  }
  screen.append(canvas, field);
  document.body.append(bar, screen, note);
}

function show(): void {
  const parent = new Parent(told.parent ?? '');
  followTheme(parent);
  parent.tell('connecting');
  const address = `${location.href.replace(/^http/, 'ws')}/stream`;
  const socket = new WebSocket(address, [told.protocol ?? '', `${told.prefix}${ticket}`]);
  socket.binaryType = 'arraybuffer';
  const say = (message: object) => {
    if (socket.readyState === WebSocket.OPEN) {
      socket.send(JSON.stringify(message));
    }
  };
  const focus = () => field.focus({ preventScroll: true });
  const picture = new Picture(canvas);
  const permits = new Permits(say, focus);
  const tabs = new Bar(bar, mayType ? say : null, focus, mayType ? [permits.button] : []);
  document.body.append(permits.box);
  const asks = new Asks(document.body, canvas, say, focus);

  socket.addEventListener('open', () => parent.tell('connected'));
  socket.addEventListener('message', event => {
    if (typeof event.data !== 'string') {
      note.hidden = true;
      picture.draw(event.data);
      return;
    }
    const message = JSON.parse(event.data);
    if ('page' in message) {
      tabs.update(message.page);
    } else if ('ask' in message) {
      asks.update(message.ask);
    } else if ('permits' in message) {
      permits.update(message.permits);
    }
  });
  socket.addEventListener('close', () => {
    note.hidden = false;
    note.textContent = 'The picture was lost.';
    asks.update(null);
    if (document.visibilityState === 'visible') {
      parent.tell('lost');
    }
  });
  if (mayType) {
    leaveByKeyboard(parent);
    drive(say, parent, picture, focus, socket);
    // What a page asks keeps the keyboard when a person comes back here, from a window that chose a file, say.
    window.addEventListener('focus', () => asks.focus() || focus());
  }
  stopWhenHidden(parent, () => socket.close());
}

/** The newest picture, and the page's size in it. */
class Picture {
  private readonly element: HTMLCanvasElement;
  width = 0;
  height = 0;
  private readonly context: CanvasRenderingContext2D | null;
  private drawn = 0;
  private newest = 0;

  constructor(element: HTMLCanvasElement) {
    this.element = element;
    this.context = element.getContext('2d', { alpha: false });
  }

  draw(data: ArrayBuffer): void {
    const view = new DataView(data);
    const [width, height] = [view.getUint16(0), view.getUint16(2)];
    const number = ++this.newest;
    void createImageBitmap(new Blob([data.slice(4)], { type: 'image/jpeg' })).then(image => {
      // Decoded beside each other they may come out of order.
      if (number > this.drawn && this.context) {
        this.drawn = number;
        [this.width, this.height] = [width, height];
        if (this.element.width !== image.width || this.element.height !== image.height) {
          this.element.width = image.width;
          this.element.height = image.height;
        }
        this.context.drawImage(image, 0, 0);
      }
      image.close();
    });
  }
}

function drive(
  say: (message: object) => void,
  parent: Parent,
  picture: Picture,
  focus: () => void,
  socket: WebSocket
): void {
  const input = new Input(canvas, field, picture, say);
  const paste = new Paste(
    // There is no clipboard in between: what is pasted is typed, and nothing has to be emptied again.
    text => text !== '' && say({ text }),
    () => {},
    focus
  );
  input.pasted = text => paste.text(text);
  parent.on('paste', () => void paste.fromClipboard());
  canvas.addEventListener('pointerdown', focus);
  const fit = () => say({ size: [screen.clientWidth, screen.clientHeight] });
  socket.addEventListener('open', () => {
    fit();
    focus();
  });
  new ResizeObserver(fit).observe(screen);
}

build();
show();

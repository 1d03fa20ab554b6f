// The page that shows a desktop over VNC. It is framed by the panel, from an origin of its own; the ticket in its
// address is good once and is gone from there before anything else happens.

import RFB from '@novnc/novnc';
import { followTheme, leaveByKeyboard, stopWhenHidden } from './around.ts';
import { InTurn } from './inturn.ts';
import { Keys, pressPaste, type Send } from './keys.ts';
import { Parent } from './parent.ts';
import { Paste } from './paste.ts';

const CLIPBOARD_PATIENCE = 5000; // milliseconds
const SMALLEST = { width: 640, height: 400 }; // below, the picture is made smaller, not the desktop

const told = document.body.dataset;
const ticket = location.hash.slice(1);
history.replaceState(null, '', location.pathname);
const mayType = told.mode === 'control';

const field = document.createElement('textarea');
const screen = document.createElement('main');
const note = document.createElement('p');

function build(): void {
  screen.className = 'screen';
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
  document.body.append(screen, field, note);
}

function show(): void {
  const parent = new Parent(told.parent ?? '');
  followTheme(parent);
  parent.tell('connecting');
  const address = `${location.href.replace(/^http/, 'ws')}/stream`;
  const rfb = new RFB(screen, address, {
    shared: true,
    wsProtocols: [told.protocol ?? '', `${told.prefix}${ticket}`]
  });
  rfb.viewOnly = !mayType;
  rfb.focusOnClick = false; // the field has the keyboard, not the picture
  rfb.scaleViewport = true;
  rfb.qualityLevel = 8;
  rfb.compressionLevel = 1;
  rfb.background = 'transparent';

  rfb.addEventListener('disconnect', () => {
    note.hidden = false;
    note.textContent = 'The picture was lost.';
    if (document.visibilityState === 'visible') {
      parent.tell('lost');
    }
  });
  if (mayType) {
    leaveByKeyboard(parent);
    drive(rfb, parent);
    follow(rfb);
  }
  // After the field has the keyboard: the panel tells a person to type now.
  rfb.addEventListener('connect', () => {
    note.hidden = true;
    parent.tell('connected');
  });
  stopWhenHidden(parent, () => rfb.disconnect());
}

function drive(rfb: RFB, parent: Parent): void {
  const turn = new InTurn();
  const send: Send = (keysym, code, down) => rfb.sendKey(keysym, code, down);
  const keys = new Keys(
    field,
    (keysym, code, down) => turn.key(down, () => send(keysym, code, down)),
    text => paste.text(text)
  );
  const focus = () => field.focus({ preventScroll: true });
  const paste = new Paste(
    text => rfb.clipboardPasteFrom(text),
    () => pressPaste(send), // before all keys that wait for it
    focus,
    () => takesAnyText(rfb),
    given => turn.first(given)
  );
  parent.on('paste', () => void paste.fromClipboard());
  rfb.addEventListener('connect', () => {
    keys.warmUp();
    focus();
  });
  screen.addEventListener('pointerdown', focus);
  window.addEventListener('focus', focus);
}

/** Have the desktop as large as its frame, where websites can be used in that; else it is made smaller to look at. */
function follow(rfb: RFB): void {
  // noVNC asks for a size when the frame has one, when the desktop has got one, and by a timer, and always for the one
  // that the frame has by then. So it is looked at there: whoever is told of sizes may be told too late.
  const ask = rfb._requestRemoteResize.bind(rfb);
  rfb._requestRemoteResize = () => {
    if (screen.clientWidth >= SMALLEST.width && screen.clientHeight >= SMALLEST.height) {
      ask();
    }
  };
  rfb.resizeSession = true;
  // noVNC takes a size for known that the frame got just before its own next picture was drawn, and never asks for it:
  // a panel that is narrow for a moment kept the small picture. Asking again for the size that is there does nothing.
  new ResizeObserver(() => rfb._requestRemoteResize()).observe(screen);
}

/**
 * Whether the desktop has said what its clipboard can do, as it does before its first picture. Until then noVNC would
 * send Latin-1, with a question mark for every other character: a wrong password, and nobody would see it.
 */
async function takesAnyText(rfb: RFB): Promise<boolean> {
  const over = performance.now() + CLIPBOARD_PATIENCE;
  while (Object.keys(rfb._clipboardServerCapabilitiesActions ?? {}).length === 0) {
    if (performance.now() > over) {
      return false;
    }
    await new Promise(done => window.setTimeout(done, 20));
  }
  return true;
}

build();
show();

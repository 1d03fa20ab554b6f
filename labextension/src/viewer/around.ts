// What this page takes from JupyterLab around it, and how a keyboard gets back there.

import type { Parent } from './parent.ts';

/** Two Escapes within so many milliseconds leave the picture. */
const TWICE = 700;

const HIDDEN_FOR = 15_000; // milliseconds; nobody looks, so nothing is sent

/** Look like the theme that is chosen around this page, and not like the system's. */
export function followTheme(parent: Parent): void {
  parent.on('theme', ({ theme }) => {
    document.documentElement.dataset.theme = theme === 'dark' ? 'dark' : 'light';
  });
}

/**
 * Give the keyboard back after a second Escape. The first one is the desktop's, as all other keys are: without this
 * nobody could leave the picture but with a mouse.
 */
export function leaveByKeyboard(parent: Parent): void {
  if (!parent.framed) {
    return;
  }
  let before = Number.NEGATIVE_INFINITY;
  const onKey = (event: KeyboardEvent) => {
    const { key, repeat, isComposing, ctrlKey, altKey, shiftKey, metaKey } = event;
    if (repeat) {
      return;
    }
    if (key !== 'Escape' || isComposing || ctrlKey || altKey || shiftKey || metaKey) {
      before = Number.NEGATIVE_INFINITY;
    } else if (event.timeStamp - before > TWICE) {
      before = event.timeStamp;
    } else {
      before = Number.NEGATIVE_INFINITY;
      event.preventDefault();
      event.stopImmediatePropagation();
      parent.tell('leave');
    }
  };
  window.addEventListener('keydown', onKey, { capture: true });
}

/**
 * End the connection of a page that nobody sees; once it is seen again the panel gets a fresh ticket.
 *
 * @param stop - Ends the connection.
 */
export function stopWhenHidden(parent: Parent, stop: () => void): void {
  let timer = 0;
  let stopped = false;
  document.addEventListener('visibilitychange', () => {
    window.clearTimeout(timer);
    if (document.visibilityState === 'hidden') {
      timer = window.setTimeout(() => {
        stopped = true;
        stop();
      }, HIDDEN_FOR);
    } else if (stopped) {
      stopped = false;
      parent.tell('lost');
    }
  });
}

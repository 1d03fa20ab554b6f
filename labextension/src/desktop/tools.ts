// Below who drives: what else a person can do with a desktop. Icons with names; a narrow panel shows the icons only.

import {
  closeIcon,
  keyboardIcon,
  type LabIcon,
  launchIcon,
  pasteIcon,
  refreshIcon
} from '@jupyterlab/ui-components';
import { button, element } from '../dom.ts';
import { fullScreenIcon } from '../icons.ts';
import { trustedButton } from './click.ts';
import { LAYOUTS } from './layouts.ts';
import type { Desktop } from './shapes.ts';

export interface ToolActions {
  paste(): void;
  reconnect(): void;
  ownWindow(): void;
  fullScreen(): void;
  close(): void;
  layout(layout: string): void;
}

export class Tools {
  readonly node: HTMLElement;
  private readonly paste: HTMLButtonElement;
  private readonly pictured: readonly HTMLButtonElement[];
  private readonly end: HTMLButtonElement;
  private readonly keyboard: HTMLElement;
  private readonly layout = element(
    'select',
    {
      className: 'ja-desktop-layout',
      title: 'Your keyboard',
      attributes_: { 'aria-label': 'Your keyboard' }
    },
    ...LAYOUTS.map(([value, text]) => element('option', { value }, text))
  );

  constructor(actions: ToolActions) {
    this.paste = trustedButton('ja-desktop-tool ja-desktop-paste', '', () => actions.paste(), {
      title: 'Put what you have copied into the desktop, once; it is cleared there afterwards'
    });
    dress(this.paste, pasteIcon, 'Paste');
    const tool = (name: string, icon: LabIcon, label: string, title: string, act: () => void) => {
      const node = button(`ja-desktop-tool ja-desktop-${name}`, '', act, {
        title,
        'aria-label': label
      });
      node.append(picture(icon));
      return node;
    };
    this.pictured = [
      tool('full', fullScreenIcon, 'Full screen', 'Full screen; Escape ends it', () =>
        actions.fullScreen()
      ),
      tool(
        'window',
        launchIcon,
        'Own window',
        'Own window: show it in one whose address you can check',
        () => actions.ownWindow()
      ),
      tool('reconnect', refreshIcon, 'Reconnect', 'Reconnect: fetch the picture anew', () =>
        actions.reconnect()
      )
    ];
    this.end = button('ja-desktop-tool ja-desktop-close', '', () => actions.close(), {
      title: 'End this desktop; what is open in it is lost'
    });
    dress(this.end, closeIcon, 'Close');
    this.layout.addEventListener('change', () => actions.layout(this.layout.value));
    this.keyboard = element(
      'span',
      { className: 'ja-desktop-keyboard' },
      picture(keyboardIcon),
      this.layout
    );
    this.node = element(
      'div',
      { className: 'ja-desktop-tools', attributes_: { role: 'group', 'aria-label': 'Desktop' } },
      this.paste,
      this.keyboard,
      ...this.pictured,
      this.end
    );
  }

  /** @param mine - Whether it is this page by whose lease the person drives. */
  update(desktop: Desktop, running: boolean, mine: boolean): void {
    this.paste.hidden = !mine || !desktop.caps.paste;
    for (const tool of this.pictured) {
      tool.hidden = !running;
    }
    this.keyboard.hidden = !running || !desktop.caps.keyboard_layout;
    if (document.activeElement !== this.layout) {
      this.layout.value = desktop.layout;
    }
    this.end.hidden = desktop.state === 'failed'; // what it says there has a button of its own
  }
}

function picture(icon: LabIcon): HTMLElement {
  return icon.element({ tag: 'span', className: 'ja-icon' });
}

function dress(node: HTMLElement, icon: LabIcon, text: string): void {
  node.setAttribute('aria-label', text);
  node.append(picture(icon), element('span', { className: 'ja-desktop-tool-name' }, text));
}

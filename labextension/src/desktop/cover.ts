// What stands over the picture: that it is on its way, or why it does not come and what to do.

import { button, element } from '../dom.ts';
import type { Connection } from './frame.ts';
import type { Desktop } from './shapes.ts';

/** `apart`: in a window of its own; `off`: there is none yet; `gone`: lost, and not tried again. */
export type Shown = Connection | 'apart' | 'off' | 'gone';

export interface CoverActions {
  reconnect(): void;
  /** Take the desktop away; with `again` another one is to be started in its place. */
  dismiss(again: boolean): void;
}

export class Cover {
  /** A click on a picture that is only looked at goes nowhere. */
  readonly node = element('div', { className: 'ja-desktop-cover' });
  private readonly actions: CoverActions;

  constructor(actions: CoverActions) {
    this.actions = actions;
  }

  /**
   * @param mine - Whether it is this page by whose lease the person drives.
   * @param why - Why the picture is gone, where that is known.
   */
  update(desktop: Desktop, shown: Shown, mine: boolean, why: string): void {
    this.node.hidden = shown === 'connected' && mine;
    this.node.classList.toggle('ja-mod-see-through', shown === 'connected');
    const key = `${desktop.state} ${shown} ${why}`;
    if (this.node.dataset.key !== key) {
      this.node.dataset.key = key; // a button that is replaced loses the focus
      this.node.replaceChildren(...this.content(desktop, shown, why));
    }
  }

  private content({ state, problem }: Desktop, shown: Shown, why: string): HTMLElement[] {
    if (state === 'starting') {
      return waiting('Starting', 'A browser starts, with an empty profile of its own…');
    }
    if (state === 'failed') {
      return [
        ...wrong(problem?.message ?? 'It could not be started.', problem?.hint ?? ''),
        buttons(
          button('jp-mod-styled ja-desktop-dismiss', 'Dismiss', () => this.actions.dismiss(false)),
          button('jp-mod-styled jp-mod-accept ja-desktop-retry', 'Try again', () =>
            this.actions.dismiss(true)
          )
        )
      ];
    }
    if (shown === 'connected') {
      return [];
    }
    if (shown === 'apart') {
      return [
        element('p', {}, 'The picture is in a window of its own.'),
        buttons(
          button('jp-mod-styled ja-desktop-here', 'Show it here', () => this.actions.reconnect())
        )
      ];
    }
    if (shown === 'gone') {
      return [
        ...wrong('The picture was lost.', why || 'The desktop itself may still run.'),
        buttons(
          button('jp-mod-styled jp-mod-accept ja-desktop-again', 'Reconnect', () =>
            this.actions.reconnect()
          )
        )
      ];
    }
    return waiting('Connecting', 'Connecting to the picture…');
  }
}

function waiting(name: string, text: string): HTMLElement[] {
  return [
    element('div', {
      className: 'ja-desktop-progress',
      attributes_: { role: 'progressbar', 'aria-label': name }
    }),
    element('p', { attributes_: { role: 'status' } }, text)
  ];
}

function wrong(message: string, hint: string): HTMLElement[] {
  return [
    element(
      'div',
      { className: 'ja-desktop-wrong', attributes_: { role: 'alert' } },
      element('p', { className: 'ja-notice-message' }, message),
      element('p', {}, hint)
    )
  ];
}

function buttons(...nodes: HTMLElement[]): HTMLElement {
  return element('div', { className: 'ja-desktop-actions' }, ...nodes);
}

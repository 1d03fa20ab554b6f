// Above the picture: who drives, the page's real host, and what a person can do.

import { button, element } from '../dom.ts';
import { trustedButton } from './click.ts';
import { LAYOUTS } from './layouts.ts';
import type { Desktop } from './shapes.ts';
import { driver, isolation, left, meaning, warning } from './words.ts';

export interface BarActions {
  takeOver(): void;
  handBack(): void;
  paste(): void;
  reconnect(): void;
  ownWindow(): void;
  fullScreen(): void;
  stay(): void;
  close(): void;
  layout(layout: string): void;
}

export class Bar {
  readonly node: HTMLElement;
  private readonly who = element('b', { className: 'ja-desktop-who' });
  private readonly what = element('span', { className: 'ja-desktop-what' });
  private readonly said = element('p', {
    className: 'ja-desktop-said',
    attributes_: { role: 'alert' }
  });
  private readonly host = element('span', { className: 'ja-desktop-host' });
  private readonly where = element('span', { className: 'ja-desktop-where' });
  private readonly time = element('span', { className: 'ja-desktop-time' });
  private readonly warning = element('p', { className: 'ja-desktop-warning' });
  private readonly take: HTMLButtonElement;
  private readonly back: HTMLButtonElement;
  private readonly paste: HTMLButtonElement;
  private readonly stay: HTMLButtonElement;
  private readonly full: HTMLButtonElement;
  private readonly end: HTMLButtonElement;
  private readonly others: readonly HTMLButtonElement[];
  private readonly layout = element(
    'select',
    {
      className: 'ja-desktop-layout',
      title: 'Your keyboard',
      attributes_: { 'aria-label': 'Your keyboard' }
    },
    ...LAYOUTS.map(([value, text]) => element('option', { value }, text))
  );

  constructor(actions: BarActions) {
    this.take = trustedButton('jp-mod-styled jp-mod-accept ja-desktop-take', 'Take over', () =>
      actions.takeOver()
    );
    this.back = trustedButton('jp-mod-styled jp-mod-accept ja-desktop-back', 'Hand back', () =>
      actions.handBack()
    );
    this.paste = trustedButton('jp-mod-styled ja-desktop-paste', 'Paste', () => actions.paste(), {
      title: 'Put what you have copied into the desktop, once; it is cleared there afterwards'
    });
    this.full = button('jp-mod-styled ja-desktop-full', 'Full screen', () => actions.fullScreen());
    this.others = [
      button('jp-mod-styled ja-desktop-window', 'Own window', () => actions.ownWindow(), {
        title: 'Show it in a window of its own, whose address you can check'
      }),
      button('jp-mod-styled ja-desktop-reconnect', 'Reconnect', () => actions.reconnect())
    ];
    this.end = button('jp-mod-styled ja-desktop-close', 'Close', () => actions.close(), {
      title: 'End this desktop; what is open in it is lost'
    });
    this.layout.addEventListener('change', () => actions.layout(this.layout.value));
    this.stay = button('ja-quiet ja-desktop-stay', 'Keep it open', () => actions.stay());
    this.node = element(
      'div',
      { className: 'ja-desktop-bar' },
      element(
        'div',
        { className: 'ja-desktop-drive' },
        element(
          'div',
          { className: 'ja-desktop-state', attributes_: { role: 'status' } },
          this.who,
          ' ',
          this.what
        ),
        this.take,
        this.back
      ),
      this.said,
      element(
        'div',
        { className: 'ja-desktop-facts' },
        this.host,
        this.where,
        this.time,
        this.stay
      ),
      this.warning,
      element(
        'div',
        {
          className: 'ja-desktop-tools',
          attributes_: { role: 'toolbar', 'aria-label': 'Desktop' }
        },
        this.paste,
        this.layout,
        this.full,
        ...this.others,
        this.end
      )
    );
  }

  /** @param mine - Whether it is this page by whose lease the person drives. */
  update(desktop: Desktop, mine: boolean): void {
    const running = ['agent', 'human', 'idle'].includes(desktop.state);
    const { caps } = desktop;
    this.node.dataset.state = desktop.state;
    this.who.textContent = driver(desktop, mine);
    this.what.textContent = meaning(desktop, mine);
    this.take.hidden = !running || mine;
    this.back.hidden = !mine || !caps.agent;
    this.paste.hidden = !mine || !caps.paste;
    for (const tool of [this.full, ...this.others]) {
      tool.hidden = !running;
    }
    this.layout.hidden = !running || !caps.keyboard_layout;
    if (document.activeElement !== this.layout) {
      this.layout.value = desktop.layout;
    }
    this.host.hidden = !running;
    this.host.replaceChildren('Page: ', element('b', {}, hostOf(desktop)));
    this.where.textContent = `${desktop.title}, on ${isolation(caps)}`;
    this.time.textContent = running ? `closes in ${left(desktop.seconds_left)}` : '';
    this.stay.hidden = !running || desktop.seconds_left > 300;
    this.warning.textContent = warning(caps);
    this.warning.hidden = this.warning.textContent === '';
  }

  /** Why something was not done; "" takes it away. */
  say(text: string): void {
    this.said.textContent = text;
    this.said.hidden = text === '';
  }

  /** Let nobody click twice while it is done. */
  set busy(busy: boolean) {
    this.take.disabled = busy;
    this.back.disabled = busy;
  }

  focusDrive(): void {
    (this.take.hidden ? this.back : this.take).focus();
  }
}

/** In strict mode nobody looks into the browser while a person drives, so nobody knows. */
function hostOf(desktop: Desktop): string {
  return desktop.host || (desktop.strict ? 'not looked at (strict)' : 'none yet');
}

// Above the picture: who drives, the page's real host, and what a person can do.
//
// Nothing here may move the picture while somebody uses it: what is said takes the place of what was
// said before, and a line that comes and goes has its room from the beginning.

import { button, element } from '../dom.ts';
import { trustedButton } from './click.ts';
import type { Desktop } from './shapes.ts';
import { type ToolActions, Tools } from './tools.ts';
import { asking, driver, hostOf, isRunning, left, meaning, warning, where } from './words.ts';

export interface BarActions extends ToolActions {
  takeOver(): void;
  handBack(): void;
  stay(): void;
}

/** What is said instead of what the state means: that something was not done, or takes a while. */
export type Tone = 'problem' | 'wait';

export class Bar {
  readonly node: HTMLElement;
  private readonly who = element('b', { className: 'ja-desktop-who' });
  private readonly what = element('span', { className: 'ja-desktop-what' });
  private readonly said = element('span', {
    className: 'ja-desktop-said',
    attributes_: { role: 'alert' }
  });
  private readonly asking = element('p', {
    className: 'ja-desktop-asking',
    attributes_: { role: 'status' }
  });
  private readonly host = element('b', {});
  private readonly page = element('div', { className: 'ja-desktop-host' }, 'Page: ', this.host);
  private readonly where = element('span', { className: 'ja-desktop-where' });
  private readonly time = element('span', { className: 'ja-desktop-time' });
  private readonly warning = element('p', { className: 'ja-desktop-warning' });
  private readonly take: HTMLButtonElement;
  private readonly back: HTMLButtonElement;
  private readonly stay: HTMLButtonElement;
  private readonly tools: Tools;

  constructor(actions: BarActions) {
    this.take = trustedButton('jp-mod-styled jp-mod-accept ja-desktop-take', 'Take over', () =>
      actions.takeOver()
    );
    this.back = trustedButton('jp-mod-styled jp-mod-accept ja-desktop-back', 'Hand back', () =>
      actions.handBack()
    );
    this.stay = button('ja-desktop-stay', 'Keep it open', () => actions.stay());
    this.tools = new Tools(actions);
    this.node = element(
      'div',
      { className: 'ja-desktop-bar' },
      element(
        'div',
        { className: 'ja-desktop-drive' },
        this.asking,
        element(
          'div',
          { className: 'ja-desktop-words' },
          element('span', { attributes_: { role: 'status' } }, this.who, ' ', this.what),
          this.said
        ),
        this.take,
        this.back
      ),
      element('div', { className: 'ja-desktop-page' }, this.page, this.tools.node),
      element(
        'div',
        { className: 'ja-desktop-facts' },
        this.where,
        this.time,
        this.stay,
        this.warning
      )
    );
  }

  /** @param mine - Whether it is this page by whose lease the person drives. */
  update(desktop: Desktop, mine: boolean): void {
    const running = isRunning(desktop);
    this.node.dataset.state = desktop.state;
    this.node.dataset.mine = String(mine);
    // Only what has changed is written: a reader says it again otherwise, every two seconds.
    write(this.who, driver(desktop, mine));
    write(this.what, meaning(desktop, mine));
    const asked = running ? asking(desktop) : '';
    write(this.asking, asked);
    this.asking.hidden = asked === '';
    this.take.hidden = !running || mine;
    this.back.hidden = !mine || !desktop.caps.agent;
    this.page.hidden = !running;
    write(this.host, hostOf(desktop));
    write(this.where, where(desktop));
    write(this.time, running ? `closes in ${left(desktop.seconds_left)}` : '');
    this.stay.hidden = !running || desktop.seconds_left > 300;
    write(
      this.warning,
      desktop.state === 'failed' ? '' : `${desktop.note} ${warning(desktop.caps)}`.trim()
    );
    this.tools.update(desktop, running, mine);
  }

  /** Why something was not done, or what takes a while; "" takes it away. */
  say(text: string, tone: Tone = 'problem'): void {
    this.said.dataset.tone = tone;
    write(this.said, text);
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

function write(node: HTMLElement, text: string): void {
  if (node.textContent !== text) {
    node.textContent = text;
  }
}

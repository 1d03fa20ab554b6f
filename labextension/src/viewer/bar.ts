// What a browser has above its page: back, forward, load again, the address, and its tabs.

import { whenSent } from './send.ts';

interface Tab {
  id: string;
  title: string;
  url: string;
}

export interface Page {
  tabs: Tab[];
  shown: string;
}

export class Bar {
  private readonly say: ((message: object) => void) | null;
  private readonly done: () => void;
  private readonly address = document.createElement('input');
  private readonly tabs = document.createElement('nav');
  private said = '';

  /**
   * @param element - Where it goes.
   * @param say - Tells the desktop what to do; null where one may only look.
   * @param done - Gives the keyboard back to the page.
   * @param more - Buttons behind the address.
   */
  constructor(
    element: HTMLElement,
    say: ((message: object) => void) | null,
    done: () => void,
    more: HTMLElement[]
  ) {
    this.say = say;
    this.done = done;
    const steps: [string, string, string][] = [
      ['←', 'Back', 'back'],
      ['→', 'Forward', 'forward'],
      ['⟳', 'Load again', 'reload']
    ];
    for (const [sign, label, go] of steps) {
      element.append(this.button(sign, label, { go }));
    }
    const form = document.createElement('form');
    this.address.setAttribute('aria-label', 'Address');
    this.address.autocomplete = 'off';
    this.address.spellcheck = false;
    this.address.readOnly = say === null;
    form.append(this.address);
    whenSent(form, () => {
      if (this.address.value.trim()) {
        this.say?.({ go: this.address.value.trim() });
      }
      this.done();
    });
    this.address.addEventListener('focus', () => this.address.select());
    this.address.addEventListener('keydown', event => {
      if (event.key === 'Escape') {
        this.address.value = this.said;
        this.done();
      }
    });
    this.tabs.setAttribute('aria-label', 'Tabs');
    element.append(form, ...more, this.button('+', 'New tab', { new: true }), this.tabs);
  }

  update(page: Page): void {
    const shown = page.tabs.find(tab => tab.id === page.shown);
    const url = shown?.url === 'about:blank' ? '' : (shown?.url ?? '');
    if (url !== this.said || document.activeElement !== this.address) {
      this.said = url;
      this.address.value = url;
    }
    this.tabs.hidden = page.tabs.length < 2;
    this.tabs.replaceChildren(
      ...page.tabs.map(tab => {
        const name = tab.title || tab.url || 'New tab';
        const choose = this.button(name, name, { tab: tab.id });
        choose.ariaCurrent = String(tab.id === page.shown);
        const group = document.createElement('span');
        group.append(choose, this.button('×', `Close ${name}`, { close: tab.id }));
        return group;
      })
    );
    const front = this.tabs.querySelector('[aria-current="true"]')?.parentElement;
    front?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }

  private button(sign: string, label: string, message: object): HTMLButtonElement {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = sign;
    button.title = label;
    button.setAttribute('aria-label', label);
    button.disabled = this.say === null;
    button.addEventListener('click', () => {
      this.say?.(message);
      this.done();
    });
    return button;
  }
}

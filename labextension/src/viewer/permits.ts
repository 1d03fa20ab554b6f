// What a site may do that a browser asks its person about. Here no such question can be shown when it is asked, so
// all are refused, and a person permits one beforehand, in this box.

export interface Permitted {
  origin: string;
  given: string[];
}

const OFFERED: [name: string, text: string][] = [
  ['notifications', 'Notifications (none is shown here)'],
  ['camera', 'Camera of the computer that Jupyter runs on'],
  ['microphone', 'Microphone of that computer'],
  ['clipboard-read', 'Reading this desktop’s clipboard'],
  ['geolocation', 'Location, where the browser finds one']
];

export class Permits {
  /** In the bar above the picture. */
  readonly button = document.createElement('button');
  /** Over the picture. */
  readonly box = document.createElement('div');
  private readonly say: (message: object) => void;
  private readonly done: () => void;
  private readonly head = document.createElement('h1');
  private readonly boxes = new Map<string, HTMLInputElement>();
  private permitted: Permitted = { origin: '', given: [] };

  /**
   * @param say - Tells the desktop.
   * @param done - Gives the keyboard back to the page.
   */
  constructor(say: (message: object) => void, done: () => void) {
    this.say = say;
    this.done = done;
    this.button.type = 'button';
    this.button.textContent = 'Permissions';
    this.button.title =
      'What the page asks for that is refused here unless you allow it: camera, location…';
    this.button.setAttribute('aria-haspopup', 'dialog');
    this.button.addEventListener('click', () => this.toggle(this.box.hidden));
    this.box.className = 'ask permits';
    this.box.hidden = true;
    this.box.setAttribute('role', 'dialog');
    this.box.addEventListener('keydown', event => {
      if (event.key === 'Escape') {
        this.toggle(false);
      }
    });
    const why = document.createElement('p');
    why.textContent =
      'What a page asks for here is refused at once. Allow it first, then ask for it again in the page. It ends when you hand back.';
    const close = document.createElement('button');
    close.type = 'button';
    close.textContent = 'Done';
    close.addEventListener('click', () => this.toggle(false));
    const row = document.createElement('div');
    row.append(close);
    this.box.append(this.head, why, ...OFFERED.map(([name, text]) => this.choice(name, text)), row);
    this.update(this.permitted);
  }

  update(permitted: Permitted): void {
    this.permitted = permitted;
    const text = `Allow ${permitted.origin.replace(/^.*:\/\//, '') || 'no site: open a page first'}`;
    this.head.textContent = text;
    this.box.setAttribute('aria-label', text);
    this.button.classList.toggle('some', permitted.given.length > 0);
    this.button.setAttribute('aria-description', permitted.given.join(', '));
    for (const [name, box] of this.boxes) {
      box.checked = permitted.given.includes(name);
      box.disabled = permitted.origin === '';
    }
  }

  private choice(permit: string, text: string): HTMLElement {
    const label = document.createElement('label');
    const box = document.createElement('input');
    box.type = 'checkbox';
    // The site that was seen: another one that has come meanwhile gets nothing.
    box.addEventListener('change', () =>
      this.say({ permit, origin: this.permitted.origin, given: box.checked })
    );
    this.boxes.set(permit, box);
    label.append(box, text);
    return label;
  }

  private toggle(open: boolean): void {
    this.box.hidden = !open;
    this.button.ariaExpanded = String(open);
    if (open) {
      this.box.querySelector<HTMLElement>('input:enabled, button')?.focus();
    } else {
      this.done();
    }
  }
}

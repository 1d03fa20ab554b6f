// Who runs `%secret set` types next, and Shift-Enter has put the cursor into the next cell: what is
// typed there would be in the notebook. So a form that is new takes the keyboard, as `input()` does.
//
// Only a form that a cell has shown just now, which the kernel says once; not one that a page finds
// again when it loads, and not while the person does something else.

import type { Model } from './door.ts';

/** How long after it was shown a form may still take the keyboard. In ms. */
const PATIENCE = 4000;

export class Turn {
  private readonly root: HTMLElement;
  private readonly model: Model;
  private readonly take: () => void;
  private readonly shown = performance.now();

  /**
   * @param root - The form.
   * @param model - Its widget.
   * @param take - Gives the form the keyboard.
   */
  constructor(root: HTMLElement, model: Model, take: () => void) {
    this.root = root;
    this.model = model;
    this.take = take;
    for (const type of ['keydown', 'pointerdown']) {
      document.addEventListener(type, this.dispose, true);
    }
    model.on('msg:custom', this.listen);
    try {
      model.send({ type: 'shown' });
    } catch {
      this.dispose(); // its kernel is gone
    }
  }

  readonly dispose = (): void => {
    for (const type of ['keydown', 'pointerdown']) {
      document.removeEventListener(type, this.dispose, true);
    }
    this.model.off('msg:custom', this.listen);
  };

  private readonly listen = (message: { type?: string }): void => {
    if (message?.type !== 'new') {
      return;
    }
    this.dispose();
    if (performance.now() - this.shown < PATIENCE && this.inSight && this.nearby) {
      this.take();
    }
  };

  private get inSight(): boolean {
    const { top, bottom } = this.root.getBoundingClientRect();
    const around = this.root.closest('.jp-Notebook')?.getBoundingClientRect();
    return bottom > top && !!around && top >= around.top && bottom <= around.bottom;
  }

  /** Whether the keyboard is in the form's own notebook, or nowhere. */
  private get nearby(): boolean {
    const active = document.activeElement;
    const notebook = this.root.closest('.jp-NotebookPanel');
    return !active || active === document.body || !!notebook?.contains(active);
  }
}

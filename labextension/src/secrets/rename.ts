// The form that gives a secret another label, below its row.

import { button, element } from '../dom.ts';
import { LabelField } from '../entry/label.ts';

export class RenameForm {
  readonly node: HTMLElement;
  private readonly field: LabelField;

  /**
   * @param rename - The person has typed a label that is another one.
   * @param closed - Nothing is to be changed.
   */
  constructor(label: string, rename: (to: string) => void, closed: () => void) {
    const submit = () => {
      if (this.field.check()) {
        if (this.field.value === label) {
          closed();
        } else {
          rename(this.field.value);
        }
      }
    };
    this.field = new LabelField(`ja-rename-${label}`, label, submit);
    this.node = element(
      'div',
      {
        className: 'ja-rename',
        attributes_: { role: 'form', 'aria-label': `Rename ${label}` }
      },
      this.field.node,
      button('jp-mod-styled', 'Cancel', closed),
      button('jp-mod-styled jp-mod-accept', 'Rename', submit)
    );
    this.node.addEventListener('keydown', event => {
      if (event.key === 'Escape' && !event.isComposing) {
        closed();
      }
      event.stopPropagation(); // the list behind it has keys of its own
    });
  }

  focus(): void {
    this.field.focus();
  }
}

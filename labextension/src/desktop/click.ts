// Buttons that decide who drives: only a person's own click or key counts, no script's.

import { element } from '../dom.ts';

/** A button for a trusted click. */
export function trustedButton(
  className: string,
  text: string,
  onClick: () => void,
  attributes: Record<string, string> = {}
): HTMLButtonElement {
  const node = element('button', { type: 'button', className, attributes_: attributes }, text);
  node.addEventListener('click', event => {
    if (event.isTrusted) {
      onClick();
    }
  });
  return node;
}

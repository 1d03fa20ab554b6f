// What "submit" is elsewhere. This page stands in a frame whose sandbox has no `allow-forms`, on purpose: there a
// browser submits no form and fires no such event, so Enter and the button are listened for themselves.

/**
 * Call back when a person has filled something in.
 *
 * @param box - With fields, and a button of type "submit" where there is one.
 * @param send - Called for Enter in a field, and for a click on that button.
 */
export function whenSent(box: HTMLElement, send: () => void): void {
  box.addEventListener('keydown', event => {
    const field = event.target instanceof HTMLInputElement && event.target.type !== 'file';
    if (event.key === 'Enter' && field && !event.isComposing && !event.defaultPrevented) {
      event.preventDefault(); // or a browser that does submit would click the button, too
      send();
    }
  });
  box.addEventListener('click', event => {
    const button = event.target instanceof Element ? event.target.closest('button') : null;
    if (button?.type === 'submit') {
      event.preventDefault();
      send();
    }
  });
}

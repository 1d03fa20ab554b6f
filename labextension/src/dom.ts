// Building elements without markup strings: text stays text.

type Child = Node | string | null | undefined | false;
type Props<K extends keyof HTMLElementTagNameMap> = Partial<
  Omit<HTMLElementTagNameMap[K], 'style' | 'dataset' | 'list'>
> & { dataset?: Record<string, string>; attributes_?: Record<string, string> };

/**
 * An element with properties and children.
 *
 * @param props - DOM properties, and `attributes_` for what has no property (`aria-…`, `role`).
 */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props<K> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  const { dataset, attributes_, ...rest } = props;
  Object.assign(node, rest);
  Object.assign(node.dataset, dataset);
  for (const [name, value] of Object.entries(attributes_ ?? {})) {
    node.setAttribute(name, value);
  }
  node.append(...children.filter((child): child is Node | string => !!child || child === ''));
  return node;
}

/** A button that never submits or steals a shortcut. */
export function button(
  className: string,
  text: string,
  onClick: () => void,
  attributes: Record<string, string> = {}
): HTMLButtonElement {
  const node = element('button', { type: 'button', className, attributes_: attributes }, text);
  node.addEventListener('click', onClick);
  return node;
}

/**
 * Make these the rows of a list. One that looks as it did stays the element that it was: a click or
 * a focus on it would be lost with it. One that is drawn anew keeps the focus on its button; that
 * of a row that is gone goes to no other row, where a key that is still held would press again.
 */
export function setRows(list: HTMLElement, rows: readonly HTMLElement[]): void {
  const focused = document.activeElement as HTMLElement | null;
  const held = [...list.children].findIndex(row => row.contains(focused));
  const name = nameOf(list.children[held]);
  const before = [...list.children];
  const after = rows.map(row => {
    const at = before.findIndex(one => one === row || one.isEqualNode(row));
    return at < 0 ? row : (before.splice(at, 1)[0] as Element);
  });
  for (const gone of before) {
    gone.remove();
  }
  after.forEach((row, at) => {
    if (list.children[at] !== row) {
      list.insertBefore(row, list.children[at] ?? null);
    }
  });
  if (held >= 0 && document.activeElement !== focused) {
    const row = after.find(one => nameOf(one) === name);
    (focused?.isConnected ? focused : row?.querySelector('button'))?.focus({ preventScroll: true });
  }
}

/** What a row is about, which is the first of its data. */
function nameOf(row: Element | undefined): string | undefined {
  return row instanceof HTMLElement ? Object.values(row.dataset)[0] : undefined;
}

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

// Keyboard layouts, as XKB names them, and which one a person most likely has.

export const LAYOUTS: readonly (readonly [string, string])[] = [
  ['us', 'English (US)'],
  ['us(intl)', 'English (US, dead keys)'],
  ['gb', 'English (UK)'],
  ['de', 'German'],
  ['ch', 'Swiss German'],
  ['ch(fr)', 'Swiss French'],
  ['fr', 'French'],
  ['be', 'Belgian'],
  ['es', 'Spanish'],
  ['latam', 'Spanish (Latin America)'],
  ['it', 'Italian'],
  ['pt', 'Portuguese'],
  ['br', 'Portuguese (Brazil)'],
  ['nl', 'Dutch'],
  ['dk', 'Danish'],
  ['no', 'Norwegian'],
  ['se', 'Swedish'],
  ['fi', 'Finnish'],
  ['pl', 'Polish'],
  ['cz', 'Czech'],
  ['hu', 'Hungarian'],
  ['tr', 'Turkish'],
  ['gr', 'Greek'],
  ['ru', 'Russian'],
  ['jp', 'Japanese'],
  ['kr', 'Korean']
];

const BY_LANGUAGE: Record<string, string> = {
  'de-ch': 'ch',
  'fr-ch': 'ch(fr)',
  'fr-be': 'be',
  'nl-be': 'be',
  'en-gb': 'gb',
  'pt-br': 'br',
  'es-es': 'es',
  es: 'latam',
  da: 'dk',
  nb: 'no',
  nn: 'no',
  sv: 'se',
  cs: 'cz',
  el: 'gr',
  ja: 'jp',
  ko: 'kr',
  en: 'us'
};

/**
 * The layout that fits a keyboard, or else a language.
 *
 * @param keys - What some keys give by themselves (`KeyQ` → `q`), where the browser tells.
 * @param language - The browser's, such as `de-CH`.
 */
export function guessLayout(keys: ReadonlyMap<string, string> | null, language: string): string {
  const tag = language.toLowerCase();
  const base = tag.split('-')[0] ?? '';
  const named = BY_LANGUAGE[tag] ?? BY_LANGUAGE[base] ?? base;
  const byLanguage = LAYOUTS.some(([layout]) => layout === named) ? named : 'us';
  const [q, z, semicolon] = ['KeyQ', 'KeyZ', 'Semicolon'].map(code => keys?.get(code));
  if (q === undefined) {
    return byLanguage;
  }
  // What the keys say goes before the language: many have their browser in English.
  if (q === 'a') {
    return byLanguage === 'be' ? 'be' : 'fr';
  }
  if (z === 'y') {
    return ['de', 'ch', 'ch(fr)', 'cz', 'hu'].includes(byLanguage) ? byLanguage : 'de';
  }
  if (semicolon === ';') {
    return byLanguage === 'gb' ? 'gb' : 'us';
  }
  return byLanguage;
}

/**
 * What a reader does not see, or a terminal obeys: control and format characters (which move the cursor, colour, or
 * reorder text), lone surrogates, line breaks, blanks that are none of ours, and what is drawn as nothing.
 */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/gu;
/** Besides, letters that look like others. ASCII is all that the API has; the rest is what our own drawings are made of. */
const FOREIGN = /[^ -~│├└─…]/gu;

/** The text with everything unseen written out, such as `\u{1b}`; one line. For text of this machine, in any language. */
export function visible(text: string): string {
  return text.replaceAll(UNSEEN, written);
}

/** The same for text of others: nothing in it looks like something else. One character is one column. */
export function plain(text: string): string {
  return text.replaceAll(FOREIGN, written);
}

/** JSON text with what is unseen as JSON escapes: other bytes, the same value. Line feeds between values stay. */
export function visibleJson(json: string): string {
  return json.replaceAll(UNSEEN, (character) => (character === '\n' ? character : units(character).join('')));
}

/** The same for YAML, where only strings in double quotes may hold such characters: it has another escape for long ones. */
export function visibleYaml(yaml: string): string {
  return yaml.replaceAll(UNSEEN, (character) => {
    if (character === '\n') return character;
    const code = character.codePointAt(0) ?? 0;
    return code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`;
  });
}

export function hasUnseen(text: string): boolean {
  return text.search(UNSEEN) >= 0;
}

function written(character: string): string {
  return `\\u{${hex(character.codePointAt(0) ?? 0, 1)}}`;
}

function units(character: string): readonly string[] {
  return Array.from({ length: character.length }, (_, index) => `\\u${hex(character.charCodeAt(index), 4)}`);
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}

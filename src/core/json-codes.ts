/** Which bytes, or UTF-16 units, give JSON its shape (RFC 8259 section 2)? */

export const QUOTE = 34;
export const COMMA = 44;
export const COLON = 58;
export const OPEN_BRACKET = 91;
export const BACKSLASH = 92;
export const CLOSE_BRACKET = 93;
export const OPEN_BRACE = 123;
export const CLOSE_BRACE = 125;
/** This and everything below it is white space between values. */
export const SPACE = 32;

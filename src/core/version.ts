/** Which version of the program is this? */
import { version } from '#package' with { type: 'json' };

export const VERSION: string = version;

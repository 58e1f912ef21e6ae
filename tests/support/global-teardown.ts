import { stopTestStacks } from './global-setup.ts';

// jest takes the default export.
export default stopTestStacks;

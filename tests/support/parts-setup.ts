import { startTestParts } from './global-setup.ts';

// jest takes the default export.
export default startTestParts;

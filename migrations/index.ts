export { Init1795000000000 } from './1795000000000-init.js';

import type { Part } from '../part.js';
import { bus } from './bus.js';
import { group } from './group.js';
import { hot } from './hot.js';
import { list } from './list.js';
import { live } from './live.js';
import { login } from './login.js';
import { poll } from './poll.js';
import { pollers } from './pollers.js';
import { send } from './send.js';
import { sockets } from './sockets.js';

/** In the order in which they are run. */
export const parts: readonly Part[] = [send, login, list, poll, pollers, live, sockets, group, hot, bus];
